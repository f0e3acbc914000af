import { expect, test } from 'vitest';
import { createTaskCounts } from '../../../src/observe/stats/task-counts.ts';
import { ACCEPTED, type Notification, type Provider, type Settlement } from '../../../src/push/push.ts';
import { failed, settlement } from '../../support/settlement.ts';

function counted(
  notifications: number,
  settlements: readonly Settlement[],
  untargeted?: readonly (Provider | undefined)[],
) {
  const tasks = createTaskCounts();
  tasks.events.accepted?.({
    requestId: 'r',
    notifications: Array(notifications).fill({ tokens: [], platform: 1 }),
    counts: 0,
    acceptedAt: 0,
    app: 'default',
    targets: 1,
    ...(untargeted ? { untargeted } : {}),
  });
  for (const each of settlements) tasks.events.settled?.(each);
  return tasks.read();
}

const { status: _status, ...unsendable } = failed({ category: 'invalid_request' });

test('a notification is one task, done when its last target is settled', () => {
  const notification: Notification = { tokens: ['a', 'b', 'c'], platform: 1 };
  const first = settlement(['a', 'c'], undefined, { notification, total: 3 });
  const last = settlement(['b'], [failed()], { notification, total: 3 });
  expect(counted(1, [first])).toEqual({ submitted_tasks: 1, success_tasks: 0, failure_tasks: 0 });
  expect(counted(1, [first, last])).toEqual({ submitted_tasks: 1, success_tasks: 1, failure_tasks: 0 });
});

test('a topic beside tokens belongs to the same task', () => {
  const notification: Notification = { tokens: ['a'], topic: 'news', platform: 2 };
  const parts = [
    settlement(['news'], undefined, { notification, kind: 'topic', provider: 'fcm', total: 2 }),
    settlement(['a'], undefined, { notification, provider: 'fcm', total: 2 }),
  ];
  expect(counted(1, parts)).toEqual({ submitted_tasks: 1, success_tasks: 1, failure_tasks: 0 });
});

test('a task whose pushes a provider refused is done, as in Gorush', () => {
  expect(counted(1, [settlement(['a'], [failed()])])).toMatchObject({ success_tasks: 1, failure_tasks: 0 });
});

test('a notification that could not be sent at all is a failed task', () => {
  expect(counted(1, [settlement(['a', 'b'], [unsendable, unsendable])])).toMatchObject({
    success_tasks: 0,
    failure_tasks: 1,
  });
  expect(counted(1, [settlement(['a', 'b'], [ACCEPTED, unsendable])])).toMatchObject({
    success_tasks: 1,
    failure_tasks: 0,
  });
});

test('a notification for a platform that is off was never submitted', () => {
  const off = settlement(['a'], [failed({ category: 'disabled' })], { provider: undefined });
  expect(counted(2, [off])).toEqual({ submitted_tasks: 1, success_tasks: 0, failure_tasks: 0 });
});

test('a notification without a target is done on iOS, failed elsewhere, and never submitted where the platform is off', () => {
  expect(counted(1, [], ['apns'])).toEqual({ submitted_tasks: 1, success_tasks: 1, failure_tasks: 0 });
  expect(counted(2, [], ['fcm', 'hms'])).toEqual({ submitted_tasks: 2, success_tasks: 0, failure_tasks: 2 });
  expect(counted(2, [], [undefined, 'apns'])).toEqual({ submitted_tasks: 1, success_tasks: 1, failure_tasks: 0 });
});
