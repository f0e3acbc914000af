import { expect, test } from 'vitest';
import { HubRefusal } from '../../../src/api/hub/hub-refusal.ts';
import { hubRoute } from '../../../src/api/hub/hub-route.ts';
import { type HubFace, keyOf, openHubFace, personOf, type Told } from './hub-face.ts';

/** Makes a row of the audit table for each work done. */
const creation = (
  { store }: Pick<HubFace, 'store'>,
  more: { fail?: () => boolean; wait?: () => Promise<void>; keep?: boolean } = {},
) =>
  hubRoute({
    ...{ method: 'POST', path: '/v1/notifications', scope: 'push', own: 'own' },
    async handle({ app, body, keep }) {
      await more.wait?.();
      return store.write(async (tx) => {
        const { n } = await tx
          .selectFrom('audit')
          .select(({ fn }) => fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow();
        await tx
          .insertInto('audit')
          .values({ id: String(n), app, at: 1, by: '', action: 'made', target: '', detail: null })
          .execute();
        const answer = { status: 202, body: { number: n, body }, rev: 1 };
        if (more.keep !== false) await keep(tx, answer);
        if (more.fail?.()) throw new HubRefusal('conflict', 'not now');
        return answer;
      });
    },
  });

const made = async ({ store }: HubFace) => (await store.db.selectFrom('audit').selectAll().execute()).length;

const post = (face: HubFace, key: string, body: unknown = { a: 1 }, as = keyOf(['push', 'users'])) =>
  face.ask('POST /v1/notifications', { as, headers: { 'Idempotency-Key': key }, body });

test.each([true, false])(
  'the same request again gets the first answer, and is done once (kept by the route: %s)',
  async (keep) => {
    const face = await openHubFace((each) => [creation(each, { keep })]);
    const first = await post(face, 'k1');
    const second = await post(face, 'k1');
    expect(first.headers.get('Idempotency-Replayed')).toBeNull();
    expect(second).toMatchObject({ status: 202, body: first.body });
    expect(second.headers.get('Idempotency-Replayed')).toBe('true');
    expect(second.headers.get('ETag')).toBe('"1"');
    expect(await made(face)).toBe(1);
  },
);

test('other bytes under the key are 422, though they be the same JSON', async () => {
  const face = await openHubFace((each) => [creation(each)]);
  await post(face, 'k1', '{"a":1}');
  expect(await post(face, 'k1', '{"a": 1}')).toMatchObject({
    status: 422,
    body: { details: [{ path: 'Idempotency-Key' }] },
  });
  expect(await made(face)).toBe(1);
});

test('a repetition while the first is being done is 409 with Retry-After, and only one of many is done', async () => {
  const gate = Promise.withResolvers<void>();
  const face = await openHubFace((each) => [creation(each, { wait: () => gate.promise })]);
  const refused: Told[] = [];
  const all = Array.from({ length: 10 }, async () => {
    const told = await post(face, 'k1');
    if (told.status === 409) refused.push(told);
    if (refused.length === 9) gate.resolve();
    return told.status;
  });
  const statuses = await Promise.all(all);
  expect(statuses.filter((status) => status === 202)).toHaveLength(1);
  for (const { headers } of refused) expect(headers.get('Retry-After')).toBe('1');
  expect((await post(face, 'k1')).headers.get('Idempotency-Replayed')).toBe('true');
  expect(await made(face)).toBe(1);
});

test('a failure is not kept: nothing was made, and the next try is done', async () => {
  let fails = true;
  const face = await openHubFace((each) => [creation(each, { fail: () => fails })]);
  expect((await post(face, 'k1')).status).toBe(409);
  expect(await made(face)).toBe(0);
  fails = false;
  expect((await post(face, 'k1')).headers.get('Idempotency-Replayed')).toBeNull();
  expect(await made(face)).toBe(1);
});

test('keys of apps, of kinds of callers and of people are apart', async () => {
  const face = await openHubFace((each) => [creation(each)]);
  const senders = [
    keyOf(['push']),
    keyOf(['push'], ['shop']),
    { ...keyOf(['push']), kind: 'token' as const, name: 'token' },
    personOf('ada'),
    personOf('bob'),
  ];
  for (const as of senders) expect((await post(face, 'k1', {}, as)).headers.get('Idempotency-Replayed')).toBeNull();
  expect(await made(face)).toBe(senders.length);
  const other = { ...keyOf(['push']), name: 'second key' };
  expect((await post(face, 'k1', {}, other)).headers.get('Idempotency-Replayed')).toBe('true');
});

test('an answer is kept for 24 hours, and what never ended for a minute', async () => {
  const face = await openHubFace((each) => [creation(each)]);
  await post(face, 'k1');
  face.now += 24 * 3_600_000 - 1;
  expect((await post(face, 'k1')).headers.get('Idempotency-Replayed')).toBe('true');
  face.now += 1;
  expect((await post(face, 'k1')).headers.get('Idempotency-Replayed')).toBeNull();
  await face.store.write(async (tx) => {
    await tx.updateTable('idempotency').set({ state: 'running' }).execute();
  });
  expect((await post(face, 'k1')).status).toBe(409);
  face.now += 60_000;
  expect((await post(face, 'k1')).status).toBe(202);
});

test('a key has 1 to 255 visible characters', async () => {
  const face = await openHubFace((each) => [creation(each)]);
  for (const key of ['a b', 'x'.repeat(256), '']) expect((await post(face, key)).status, key).toBe(422);
  expect((await post(face, '!~'.padEnd(255, 'x'))).status).toBe(202);
});

test('what is kept names nobody in plain', async () => {
  const face = await openHubFace(({ store }) => [
    hubRoute({
      ...{ method: 'POST', path: '/v1/users/{user}/tokens', scope: 'users', own: 'path', body: 'maybe' },
      handle: async ({ keep }) => {
        const answer = { status: 201, body: { token: 'canary-token' } };
        await store.write((tx) => keep(tx, answer));
        return answer;
      },
    }),
  ]);
  const headers = { 'Idempotency-Key': 'k1' };
  for (const as of [keyOf(['users']), personOf('canary-ada')])
    await face.ask('POST /v1/users/canary-ada/tokens', { as, headers });
  const rows = await face.store.db.selectFrom('idempotency').selectAll().execute();
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toContain('canary');
});
