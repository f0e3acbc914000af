import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type LanePlace, OutageLines } from '../../../src/observe/log/outage-lines.ts';
import type { Failed } from '../../../src/push/push.ts';

type State = Omit<LanePlace, 'waiting'> & { readonly pushes: number };

const APNS = { app: 'default', provider: 'apns', environment: 'production', host: 'api.push.example' } as const;

const unreachable = (more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  category: 'not_sent',
  reason: 'Econnrefused',
  error: 'no connection to https://api.push.example: connect ECONNREFUSED 192.0.2.1:443\nand more',
  ...more,
});
const well = (place: object = APNS, pushes = 0): State =>
  ({ ...place, trouble: undefined, breaker: 'closed', pushes }) as State;
const down = (pushes: number, more: Partial<State> = {}): State =>
  ({ ...APNS, trouble: unreachable(), breaker: 'closed', pushes, ...more }) as State;

/** Lines over lanes that the test changes, with a clock that it moves. */
function linesOver(...first: readonly State[]) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const now = { lanes: first };
  const said: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const lines = new OutageLines({
    lanes: () => now.lanes.map(({ pushes, ...place }) => ({ ...place, waiting: () => pushes })),
    warn: (message, fields) => said.push({ message, fields }),
    now: () => Date.now(),
  });
  onTestFinished(() => lines.close());
  return { now, said, lines, messages: () => said.map(({ message }) => message) };
}

const BEGINS = 'the provider cannot be reached: pushes wait and are tried again';
const OPENS = 'the provider cannot be reached: pushes wait, one at a time is tried';
const ENDS = 'the provider answers again';

describe('an outage', () => {
  test('is told with its cause and what waits', async () => {
    const { said, lines } = linesOver(down(7));
    lines.poke();
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toEqual([
      {
        message: BEGINS,
        fields: {
          app: 'default',
          provider: 'apns',
          environment: 'production',
          host: 'api.push.example',
          breaker: 'closed',
          waiting: 7,
          reason: 'Econnrefused',
          error: 'no connection to https://api.push.example: connect ECONNREFUSED 192.0.2.1:443',
        },
      },
    ]);
  });

  test('is told when it begins, when the breaker opens, once a minute, and when it is over', async () => {
    const { now, said, lines, messages } = linesOver(down(1));
    lines.poke();
    await vi.advanceTimersByTimeAsync(5_000);
    now.lanes = [down(20, { breaker: 'open' })];
    lines.poke();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(messages()).toEqual([BEGINS, OPENS]);
    now.lanes = [down(300, { breaker: 'half-open' })];
    await vi.advanceTimersByTimeAsync(120_000);
    expect(messages()).toEqual([BEGINS, OPENS, OPENS, OPENS]);
    expect(said.map(({ fields: { waiting } }) => waiting)).toEqual([1, 20, 300, 300]);
    now.lanes = [well(APNS, 12)];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said.at(-1)).toEqual({ message: ENDS, fields: { ...APNS, seconds: 185, waiting: 12 } });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(said).toHaveLength(5);
  });

  test('that has ended costs no timer, and the next one is told at once a minute later', async () => {
    const { now, lines, messages } = linesOver(down(1));
    lines.poke();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(1);
    now.lanes = [well()];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(58_000);
    now.lanes = [down(1)];
    lines.poke();
    await vi.advanceTimersByTimeAsync(0);
    expect(messages()).toEqual([BEGINS, ENDS, BEGINS]);
  });

  test('that comes and goes every few seconds is not told each time, and that it goes on is', async () => {
    const { now, lines, messages } = linesOver();
    for (let second = 0; second < 300; second += 3) {
      now.lanes = [down(1, { breaker: second % 2 === 0 ? 'closed' : 'open' })];
      lines.poke();
      await vi.advanceTimersByTimeAsync(2_000);
      now.lanes = [well()];
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(messages().filter((message) => message !== ENDS).length).toBeLessThanOrEqual(2 * 5);
    expect(messages().filter((message) => message !== ENDS).length).toBeGreaterThanOrEqual(5);
    expect(messages().filter((message) => message === ENDS).length).toBeLessThanOrEqual(2 * 5);
    now.lanes = [down(1)];
    lines.poke();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(messages().at(-1)).toBe(BEGINS);
  });

  test('of an app that is removed meanwhile ends without a word', async () => {
    const { now, lines, messages } = linesOver(down(1));
    lines.poke();
    await vi.advanceTimersByTimeAsync(0);
    now.lanes = [];
    await vi.advanceTimersByTimeAsync(2_000);
    expect(messages()).toEqual([BEGINS]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of one app, provider or environment is not that of another', async () => {
    const others = [{ app: 'acme' }, { provider: 'fcm' }, { environment: 'development' as const }];
    const { said, lines } = linesOver(
      down(1),
      ...others.map((other) => down(2, other)),
      well({ ...APNS, app: 'good' }),
    );
    lines.poke();
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toHaveLength(4);
  });

  test('of many places that devices chose is one', async () => {
    const place = { provider: 'web', part: 'other', host: undefined };
    const parts = Array.from({ length: 200 }, (_, index) => down(index, place));
    const { now, said, lines, messages } = linesOver(...parts);
    lines.poke();
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toHaveLength(1);
    expect(said[0]?.fields).toMatchObject({ part: 'other', waiting: (199 * 200) / 2 });
    now.lanes = parts.map((part, index) => (index === 7 ? part : { ...part, trouble: undefined }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toHaveLength(1);
    now.lanes = parts.map((part) => ({ ...part, trouble: undefined }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(messages().at(-1)).toBe(ENDS);
  });
});

test.each([
  [{ category: 'unanswered' }, 'the provider does not answer'],
  [{ reason: 'CredentialUnusable' }, 'the credential cannot be used'],
  [{ reason: 'SignInUnavailable' }, 'the provider cannot be reached'],
] as const)('%j is told as what it is', async (more, what) => {
  const { lines, messages } = linesOver(down(1, { trouble: unreachable(more) }));
  lines.poke();
  await vi.advanceTimersByTimeAsync(0);
  expect(messages()).toEqual([`${what}: pushes wait and are tried again`]);
});

test('a refused credential is an outage once it has opened the breaker', async () => {
  const trouble = unreachable({ category: 'credential', reason: 'InvalidProviderToken' });
  const { now, lines, messages } = linesOver(down(1, { trouble }));
  lines.poke();
  await vi.advanceTimersByTimeAsync(0);
  expect(messages()).toEqual([]);
  now.lanes = [down(1, { trouble, breaker: 'open' })];
  lines.poke();
  await vi.advanceTimersByTimeAsync(0);
  expect(messages()).toEqual(['the provider refuses our credential: pushes wait, one at a time is tried']);
});

test('nothing is told after the end', async () => {
  const { said, lines } = linesOver(down(1));
  lines.poke();
  lines.close();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(said).toEqual([]);
});
