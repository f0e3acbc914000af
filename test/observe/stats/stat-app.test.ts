import { expect, test } from 'vitest';
import { statApp } from '../../../src/observe/stats/stat-app.ts';

test('the body has the shape of Gorush', () => {
  const counts = {
    total_count: 1,
    ios_success: 2,
    ios_error: 3,
    android_success: 4,
    android_error: 5,
    huawei_success: 6,
    huawei_error: 7,
  };
  const tasks = { submitted_tasks: 8, success_tasks: 9, failure_tasks: 10 };
  expect(statApp({ version: 'v1.22.0', counts, tasks, busyWorkers: 11 })).toEqual({
    version: 'v1.22.0',
    busy_workers: 11,
    success_tasks: 9,
    failure_tasks: 10,
    submitted_tasks: 8,
    total_count: 1,
    ios: { push_success: 2, push_error: 3 },
    android: { push_success: 4, push_error: 5 },
    huawei: { push_success: 6, push_error: 7 },
  });
});
