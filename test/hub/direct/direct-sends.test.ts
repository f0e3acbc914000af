import { expect, test } from 'vitest';
import { DirectSends, type EndedDirect } from '../../../src/hub/direct/direct-sends.ts';
import type { PushCarrier, PushListener, PushOutcome } from '../../../src/hub/push/push-carrier.ts';
import { builtIn } from '../../../src/providers/registry.ts';

const DEAD = { kind: 'failed', category: 'invalid_token', reason: 'Unregistered', error: '', status: 410 } as const;
const TAKEN = { kind: 'accepted' } as const;
const push = { title: 'Hi', priority: 'normal' } as const;
const way = { platform: 'ios', kind: 'alert', environment: 'production' } as const;
const targets = ['a', 'b'].map((id) => ({ ...way, id, target: id.repeat(64) }));

/** A carrier that is told what becomes of pushes, and what is noted of it. */
function sendsOf(noting: () => Promise<void> | undefined) {
  let listener: PushListener | undefined;
  const batches: string[] = [];
  const heard: EndedDirect[] = [];
  const carrier = {
    can: () => true,
    listen: (given: PushListener) => {
      listener = given;
    },
    send: async (some: readonly { batch: string }[]) => {
      batches.push(...some.map(({ batch }) => batch));
      return [];
    },
  } as unknown as PushCarrier;
  const sends = new DirectSends({
    ...{ carrier, providers: builtIn, topicOf: () => 'com.example.app', now: () => 0 },
    stillWanted: async () => [],
    ended: (outcomes) => {
      heard.push(...outcomes);
      return outcomes.some(({ outcome }) => outcome.kind === 'failed') ? noting() : undefined;
    },
  });
  const tell = (target: string, outcome: object): void =>
    listener?.outcomes([{ app: 'default', batch: batches[0], target, outcome, at: 0 } as PushOutcome]);
  return { sends, heard, tell, batches };
}

test('the answer comes when what providers said of tokens is noted, so that the next push goes to no dead one', async () => {
  const noted = Promise.withResolvers<void>();
  const { sends, tell, batches } = sendsOf(() => noted.promise);
  let isAnswered = false;
  const answer = sends.send({ app: 'default', about: 'u-ada', push, waitMs: 60_000 }, targets).finally(() => {
    isAnswered = true;
  });
  await Promise.resolve();
  expect(batches).toHaveLength(1);
  tell(targets[0]?.target as string, DEAD);
  tell(targets[1]?.target as string, TAKEN);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  expect(isAnswered).toBe(false);
  noted.resolve();
  expect((await answer).map(({ success, unregistered }) => [success, unregistered])).toEqual([
    [false, true],
    [true, false],
  ]);
});

test('where nothing is to be noted it waits for the outcomes alone, and no longer than it may', async () => {
  const never = new Promise<void>(() => {});
  const taken = sendsOf(() => never);
  const answer = taken.sends.send({ app: 'default', about: 'u-ada', push, waitMs: 60_000 }, targets);
  await Promise.resolve();
  for (const { target } of targets) taken.tell(target, TAKEN);
  expect((await answer).every(({ success }) => success)).toBe(true);
  const stuck = sendsOf(() => never);
  const late = stuck.sends.send({ app: 'default', about: 'u-ada', push, waitMs: 5 }, targets);
  await Promise.resolve();
  for (const { target } of targets) stuck.tell(target, DEAD);
  expect((await late).map(({ unregistered }) => unregistered)).toEqual([true, true]);
});
