import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startSeedRelay } from './seed-relay.ts';

const COUNT = 9;
const text = 'x'.repeat(900_000);
/** Notifications hold less. */
const data = { text: text.slice(0, 250_000) };
const times = (name: string): number => (/notifications|schedules/.test(name) ? 4 * COUNT : COUNT);
const nobody = { to: { users: ['nobody'] }, title: 'x' };

/** What is written `COUNT` times, and the list that it is in. */
const lists = [
  ['tasks', (id: string) => `PUT /v1/tasks/${id}`, { title: 'x', data: { text } }, '/v1/tasks'],
  ['incidents', (id: string) => `PUT /v1/incidents/${id}`, { title: 'x', data: { text } }, '/v1/incidents'],
  [
    'schedules',
    (id: string) => `PUT /v1/schedules/${id}`,
    { cron: '0 0 1 1 *', notification: { ...nobody, data } },
    '/v1/schedules',
  ],
  [
    'escalations',
    (name: string) => `PUT /v1/escalations/${name}`,
    {
      steps: Array.from({ length: 40 }, () => ({
        to: { users: Array.from({ length: 90 }, (_, user) => `${user}${'u'.repeat(240)}`) },
      })),
    },
    '/v1/escalations',
  ],
  [
    'notifications',
    () => 'POST /v1/notifications',
    { title: 'x', to: { users: ['ada'] }, channels: ['realtime'], data },
    '/v1/users/ada/notifications',
  ],
] as const;

test.each(lists)(
  'a page of large %s has fewer of them, and each is on one of the pages',
  async (name, put, body, path) => {
    const relay = await startSeedRelay();
    await relay.ask('PUT /v1/users/ada', 'boss', { name: 'Ada' });
    for (let each = 0; each < times(name); each++) {
      const { status, body: told } = await relay.ask(put(`n${each}`), 'boss', body);
      expect(status, JSON.stringify(told)).toBeLessThan(300);
    }
    const sizes: number[] = [];
    const ids = new Set<string>();
    for (let cursor = ''; ; ) {
      const { body: page } = await relay.ask(`GET ${path}?limit=1000${cursor}`, 'boss');
      const items = page[name] as { id?: string; name?: string }[];
      sizes.push(items.length);
      for (const item of items) ids.add(String(item.id ?? item.name));
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(sizes.length).toBeGreaterThan(2);
    expect(ids.size).toBe(times(name));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(times(name));
  },
);

test('so has a page of people with large documents, in a search as well', async () => {
  const relay = await startSeedRelay();
  const groups = Array.from({ length: 1000 }, (_, index) => `${index}${'g'.repeat(240)}`);
  const people = Array.from({ length: 2 * COUNT }, (_, index) => `p${String(index).padStart(2, '0')}`);
  for (const id of people)
    await relay.ask(`PUT /v1/users/${id}`, 'boss', {
      name: 'Ada',
      teams: groups,
      roles: groups,
      data: { text: text.slice(0, 60_000) },
    });
  for (const search of ['', '&q=ada']) {
    const found: string[] = [];
    let pages = 0;
    for (let cursor = ''; ; ) {
      const { body: page } = await relay.ask(`GET /v1/users?limit=1000${search}${cursor}`, 'boss');
      pages++;
      found.push(...page.users.map(({ id }: { id: string }) => id));
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(found).toEqual(people);
    expect(pages).toBeGreaterThan(2);
  }
});

test('a large notification is given to a few of its people before the answer, and to the others behind it', async () => {
  const relay = await startSeedRelay();
  const users = Array.from({ length: 40 }, (_, index) => `u${index}`);
  for (const user of users) await relay.ask(`PUT /v1/users/${user}`, 'boss', { name: user });
  const send = { id: 'large', to: { users }, title: 'x', channels: ['realtime'], data };
  const { body: answer } = await relay.ask('POST /v1/notifications', 'boss', send);
  expect(answer.recipients.undecided).toBe(24);
  for (const user of users)
    await eventually(async () => {
      const { body: page } = await relay.ask(`GET /v1/users/${user}/stream/events?after=earliest&wait=0`, 'boss');
      expect(page.events.map(({ payload }: { payload: { id: string } }) => payload.id)).toEqual(['large']);
    });
  const whole = { ...send, id: 'larger', data: { text: text.slice(0, 300_000) } };
  expect((await relay.ask('POST /v1/notifications', 'boss', whole)).body.details).toEqual([
    { path: 'data', reason: 'must have at most 262144 bytes as JSON' },
  ]);
});
