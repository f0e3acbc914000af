import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { IOS, ownFolder, startWatched } from './watched-relay.ts';

const push = (tokens: number) => ({
  platform: 1,
  tokens: Array.from({ length: tokens }, (_, index) => index.toString(16).padStart(64, '0')),
  topic: 'com.example.app',
  message: 'hi',
});

test('what stays in the queue at the end is counted, and so is what the next start finds', async () => {
  const folder = ownFolder();
  const sections = {
    ios: { ...IOS, endpoint: `https://localhost:${await freePort()}` },
    queue: { local: { path: join(folder, 'queue.db') }, backoff: 0.02, backoff_max: 0.05 },
  };
  const first = await startWatched(sections, folder);
  await first.push(push(3), push(2));
  await eventually(() => expect(first.lines(/cannot be reached/)).not.toEqual([]));
  await first.close();
  const [stays, ...others] = first.lines(/^pushes stay in the queue/);
  expect(others).toEqual([]);
  expect(stays).toMatchObject({ level: 'info', pushes: 5 });

  const second = await startWatched(sections, folder);
  expect(second.lines(/^pushes of an earlier process wait/)).toMatchObject([{ level: 'info', requests: 1, pushes: 5 }]);
  await second.close();
});

test('an empty queue is said to be empty at both ends', async () => {
  const folder = ownFolder();
  const sections = {
    ios: { ...IOS, endpoint: 'https://localhost:1' },
    queue: { local: { path: join(folder, 'queue.db') } },
  };
  const first = await startWatched(sections, folder);
  await first.close();
  const second = await startWatched(sections, folder);
  await second.close();
  for (const relay of [first, second])
    expect(relay.lines(/earlier process|stay|lost/)).toMatchObject([
      { msg: 'no push of an earlier process waits in the queue' },
      { msg: 'no push stays in the queue' },
    ]);
});

test('with the queue in memory what is left is lost, and that is a warning', async () => {
  const relay = await startWatched({ ios: { ...IOS, endpoint: `https://localhost:${await freePort()}` } });
  await relay.push(push(4));
  await eventually(() => expect(relay.lines(/cannot be reached/)).not.toEqual([]));
  await relay.close();
  expect(relay.lines(/^pushes are lost/)).toMatchObject([{ level: 'warning', pushes: 4 }]);
});

test('reports that the hook has not taken are counted at both ends', async () => {
  const folder = ownFolder();
  const sections = {
    core: { feedback_hook_url: `http://127.0.0.1:${await freePort()}/`, max_notification: 10 },
    ios: { ...IOS, endpoint: 'https://localhost:1' },
    queue: { local: { path: join(folder, 'queue.db') }, backoff: 0.02, backoff_max: 0.05, max_age: 0.1 },
  };
  const first = await startWatched(sections, folder);
  await first.push(push(2));
  await eventually(() => expect(first.lines(/a call of the feedback hook failed/)).not.toEqual([]));
  await first.close();
  const stay = first.lines(/^reports stay for the feedback hooks/);
  // One push may be given up before the other.
  expect(stay).toMatchObject([{ level: 'info', reports: expect.toBeOneOf([1, 2]) }]);
  const second = await startWatched(sections, folder);
  const [{ reports } = {}] = stay as readonly { reports?: number }[];
  expect(second.lines(/^reports of an earlier process/)).toMatchObject([{ level: 'info', reports }]);
  await second.close();
});
