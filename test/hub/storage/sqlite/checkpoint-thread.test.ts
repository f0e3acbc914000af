import { readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { CheckpointThread } from '../../../../src/hub/storage/sqlite/checkpoint-thread.ts';
import { eventually } from '../../../support/eventually.ts';
import { needs } from '../../../support/needs.ts';
import { loggedFile } from './logged-file.ts';

function threadOf(path: string, idleMs?: number): CheckpointThread {
  const thread = new CheckpointThread(path, idleMs);
  onTestFinished(() => thread.close());
  return thread;
}

/** Linux cuts names of threads to 15 bytes. */
const threads = (): number =>
  readdirSync('/proc/self/task').filter((id) =>
    readFileSync(`/proc/self/task/${id}/comm`, 'utf8').startsWith('checkpoints of'),
  ).length;

test('the thread moves all of the log into the file, as often as it is asked', async () => {
  const file = loggedFile();
  const thread = threadOf(file.path);
  for (let turn = 1; turn <= 3; turn++) {
    file.add(1);
    expect(file.length().checkpointed).toBeLessThan(file.length().log);
    await thread.checkpoint();
    expect(file.length().checkpointed).toBe(file.length().log);
  }
  // Each began the log again.
  expect(file.length().log).toBeLessThan(60);
});

test(
  'it starts with the first checkpoint, ends when it has nothing to do, and starts again',
  needs('linux'),
  async () => {
    const file = loggedFile();
    const thread = threadOf(file.path, 1);
    expect(threads()).toBe(0);
    for (let turn = 0; turn < 3; turn++) {
      file.add(1);
      await thread.checkpoint();
      expect(file.length().checkpointed).toBe(file.length().log);
      await eventually(() => expect(threads()).toBe(0));
    }
  },
);

test('a thread that is about to end does not take the next checkpoint with it', async () => {
  const file = loggedFile();
  const thread = threadOf(file.path, 0);
  for (let turn = 0; turn < 8; turn++) {
    file.add(1);
    await thread.checkpoint();
    await new Promise((resolve) => setTimeout(resolve, turn % 4));
    expect(file.length().checkpointed).toBe(file.length().log);
  }
});

test('a thread that cannot open the file says so, and another tries again', async () => {
  const file = loggedFile();
  const thread = threadOf(`${file.path}-later/hub.db`);
  await expect(thread.checkpoint()).rejects.toThrow('unable to open database file');
  await expect(thread.checkpoint()).rejects.toThrow('unable to open database file');
});

test('closing ends it, and without one there is nothing to close', needs('linux'), async () => {
  const file = loggedFile();
  const thread = threadOf(file.path);
  await thread.close();
  file.add(1);
  await thread.checkpoint();
  await thread.close();
  expect(threads()).toBe(0);
});
