import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { LaneId } from '../../src/push/lane-id.ts';
import type { QueueEntry } from '../../src/queue/queue.ts';
import { AnswerPace } from '../../src/relay/answer-pace.ts';
import { laneId } from '../support/lane-id.ts';

const FULL = 10_001;
const ROOM = 10_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const APNS = laneId();
const FCM = laneId({ provider: 'fcm' });

const entry = (lane: LaneId, open: number): QueueEntry => ({ lane, open }) as QueueEntry;
const large = (...lanes: LaneId[]): QueueEntry[] => lanes.map((lane) => entry(lane, 4000));

/** A pace over lanes in which as much waits as `waiting` says. */
function paced(waiting: (lane: LaneId) => number) {
  const pace = new AnswerPace({ waiting, now: () => Date.now() });
  onTestFinished(() => pace.close());
  return pace;
}

/** Notes what is answered, in order. */
function answers() {
  const told: string[] = [];
  return { told, note: (name: string, held: Promise<void> | undefined) => void held?.then(() => told.push(name)) };
}

test('a request is answered at once while little else waits, and a small one always', () => {
  const pace = paced(({ key }) => (key === APNS.key ? ROOM : FULL));
  expect(pace.hold(large(APNS))).toBeUndefined();
  expect(pace.hold([entry(FCM, 999)])).toBeUndefined();
  expect(pace.hold([])).toBeUndefined();
  expect(pace.hold([entry(FCM, FULL)])).toBeUndefined();
  expect(pace.hold(large(FCM))).toBeInstanceOf(Promise);
});

test('one for several lanes is answered while one of them has room', async () => {
  let apns = ROOM;
  const pace = paced(({ key }) => (key === APNS.key ? apns : FULL));
  expect(pace.hold(large(FCM, APNS))).toBeUndefined();
  apns = FULL;
  const { told, note } = answers();
  note('both', pace.hold(large(FCM, APNS)));
  note('fcm', pace.hold(large(FCM)));
  await vi.advanceTimersByTimeAsync(300);
  expect(told).toEqual([]);
  apns = ROOM;
  await vi.advanceTimersByTimeAsync(50);
  expect(told).toEqual(['both']);
});

test('as many are answered as there is room for what their callers may post next, the first ones first', async () => {
  let waiting = FULL;
  const pace = paced(() => waiting);
  const { told, note } = answers();
  for (const name of ['a', 'b', 'c', 'd']) note(name, pace.hold(large(APNS)));
  await vi.advanceTimersByTimeAsync(200);
  expect(told).toEqual([]);
  waiting = 3000;
  await vi.advanceTimersByTimeAsync(25);
  expect(told).toEqual(['a', 'b']);
  waiting = ROOM;
  await vi.advanceTimersByTimeAsync(25);
  expect(told).toEqual(['a', 'b', 'c']);
});

test('half a second is the longest wait, whatever waits', async () => {
  const pace = paced(() => FULL);
  const { told, note } = answers();
  note('a', pace.hold(large(APNS)));
  await vi.advanceTimersByTimeAsync(250);
  note('b', pace.hold(large(APNS)));
  await vi.advanceTimersByTimeAsync(225);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(25);
  expect(told).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(250);
  expect(told).toEqual(['a', 'b']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a relay that ends answers all, and holds nothing back any more', async () => {
  const pace = paced(() => FULL);
  const { told, note } = answers();
  note('a', pace.hold(large(APNS)));
  pace.close();
  await Promise.resolve();
  expect(told).toEqual(['a']);
  expect(pace.hold(large(APNS))).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

test('callers who wait for their answers never have more waiting than the threshold and a request each', async () => {
  const [callers, requests, size, leavesInAMs] = [4, 20, 4000, 100];
  let [waiting, most, accepted] = [0, 0, 0];
  const pace = paced(() => waiting);
  const caller = async (): Promise<void> => {
    for (let posted = 0; posted < requests; posted++) {
      waiting += size;
      accepted += size;
      most = Math.max(most, waiting);
      await pace.hold([entry(APNS, size)]);
    }
  };
  const done = Promise.all(Array.from({ length: callers }, caller));
  while (accepted < callers * requests * size || waiting > 0) {
    waiting = Math.max(0, waiting - leavesInAMs);
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(2000);
  await done;
  expect(most).toBeGreaterThan(FULL);
  expect(most).toBeLessThanOrEqual(ROOM + callers * size);
});
