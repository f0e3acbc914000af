import type { StatCounts } from './stats.ts';
import type { TaskCounts } from './task-counts.ts';

export interface StatAppInput {
  /** Gorush's version, as `/version` says it. */
  readonly version: string;
  readonly counts: StatCounts;
  readonly tasks: TaskCounts;
  /** Batches that are being sent. */
  readonly busyWorkers: number;
}

/** The body of GET /api/stat/app. */
export function statApp({ version, counts, tasks, busyWorkers }: StatAppInput) {
  return {
    version,
    busy_workers: busyWorkers,
    success_tasks: tasks.success_tasks,
    failure_tasks: tasks.failure_tasks,
    submitted_tasks: tasks.submitted_tasks,
    total_count: counts.total_count,
    ios: { push_success: counts.ios_success, push_error: counts.ios_error },
    android: { push_success: counts.android_success, push_error: counts.android_error },
    huawei: { push_success: counts.huawei_success, push_error: counts.huawei_error },
  };
}
