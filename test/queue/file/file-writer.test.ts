import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { FileWriter } from '../../../src/queue/file/file-writer.ts';
import type { PendingRequests } from '../../../src/queue/file/pending-requests.ts';
import type { Change, RecordStore } from '../../../src/queue/file/record-store.ts';

afterEach(() => void vi.useRealTimers());

/** A writer on a file that notes its transactions, each of which takes `took` milliseconds of its clock. */
function open(took = 0, commit = (_change: Change): void => {}, shrink = () => false) {
  let clock = 0;
  const commits: Change[] = [];
  const file = {
    commit(change: Change): void {
      clock += took;
      commit(change);
      commits.push(change);
    },
    shrink,
    close() {},
  } as unknown as RecordStore;
  const more = [{ key: 1, notification: 0, done: Uint8Array.of(1), more: 1 }];
  const pending = { progress: () => more, hasProgress: false, wrote() {} } as unknown as PendingRequests;
  const nothing = () => {};
  const events = { onWritten: nothing, onRefused: nothing, onTrouble: nothing };
  const writer = new FileWriter({ file, pending, reserve: undefined, ...events, now: () => clock });
  onTestFinished(() => writer.close());
  const record = (key: number) => ({ key, id: `r${key}`, app: 'default', acceptedAt: 0, pushes: 1, body: '{}' });
  return { writer, commits, record, append: (key: number) => writer.append({ entries: [], record: record(key) }) };
}

const keys = ({ records = [] }: Change): number[] => records.map(({ key }) => key);

test('requests of one turn share a transaction, and none is taken before it', async () => {
  const { append, commits } = open();
  const taken: number[] = [];
  const all = [1, 2, 3].map((key) => append(key).then(() => taken.push(key)));
  await Promise.resolve();
  expect(taken).toEqual([]);
  await Promise.all(all);
  expect(commits.map(keys)).toEqual([[1, 2, 3]]);
});

test('a failed push is forgotten in the transaction that keeps its report', async () => {
  const { writer, commits } = open();
  writer.forget({ key: 7, pushes: 1 });
  writer.reports.keep({ app: 'default', id: 'msg_1', body: '{}' });
  await nextTurn();
  await nextTurn();
  expect(commits).toHaveLength(1);
  expect(commits[0]).toMatchObject({ removals: [{ key: 7 }], reports: [{ id: 'msg_1' }] });
});

test('what cannot be written is refused with the time to come again, and nothing of it is taken', async () => {
  let isBroken = true;
  const { append, commits } = open(0, () => {
    if (isBroken) throw new Error('no');
  });
  await expect(append(1)).rejects.toMatchObject({ kind: 'unavailable', retryAfter: 5 });
  isBroken = false;
  await append(2);
  expect(commits.map(keys)).toEqual([[2]]);
});

test.each([
  [0, 4],
  [1, 50],
  [4, 200],
  [100, 250],
])('after a write of %i ms the next note of what is settled comes %i ms later', (took, pause) => {
  vi.useFakeTimers();
  const { writer, commits } = open(took);
  writer.noteProgress();
  vi.advanceTimersByTime(0);
  expect(commits).toHaveLength(1);
  writer.noteProgress();
  vi.advanceTimersByTime(pause - 1);
  expect(commits).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(commits).toHaveLength(2);
});

test('a file that has more to give back is asked again in later turns, until the next half second', () => {
  vi.useFakeTimers();
  let calls = 0;
  open(0, undefined, () => ++calls % 3 !== 0);
  vi.advanceTimersByTime(500);
  expect(calls).toBe(1);
  vi.advanceTimersToNextTimer();
  expect(calls).toBe(2);
  vi.advanceTimersByTime(400);
  expect(calls).toBe(3);
});
