interface MetricRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Closed sets: never a token, never text of a caller or a provider. */
  readonly labels: readonly string[];
}

const row = <Name extends string>(
  name: Name,
  type: MetricRow['type'],
  help: string,
  labels: readonly string[] = [],
) => ({
  name,
  type,
  help,
  labels,
});

/** Every series of ours. The first eleven have Gorush's names and texts. docs/metrics.md is made from it. */
export const metricTable = [
  row('gorush_total_push_count', 'counter', 'Number of push count'),
  row('gorush_ios_success', 'counter', 'Number of iOS success count'),
  row('gorush_ios_error', 'counter', 'Number of iOS fail count'),
  row('gorush_android_success', 'counter', 'Number of android success count'),
  row('gorush_android_fail', 'counter', 'Number of android fail count'),
  row('gorush_huawei_success', 'counter', 'Number of huawei success count'),
  row('gorush_huawei_fail', 'counter', 'Number of huawei fail count'),
  row('gorush_busy_workers', 'gauge', 'Length of busy workers'),
  row('gorush_success_tasks', 'counter', 'Length of Success Tasks'),
  row('gorush_failure_tasks', 'counter', 'Length of Failure Tasks'),
  row('gorush_submitted_tasks', 'counter', 'Length of Submitted Tasks'),
  row(
    'martlet_pushes_total',
    'counter',
    'Pushes by their final outcome: accepted, or failed with a category of docs/errors.md. provider is none for a platform that is off or unknown.',
    ['provider', 'environment', 'outcome', 'category'],
  ),
  row(
    'martlet_retries_total',
    'counter',
    'Pushes that were put back to be tried again, by the category of the failure.',
    ['provider', 'category'],
  ),
  row('martlet_queue_depth', 'gauge', 'Notifications accepted and not wholly settled.'),
  row(
    'martlet_queue_refused_total',
    'counter',
    'Notifications refused with 503 because the queue could not take them.',
  ),
  row(
    'martlet_queue_health',
    'gauge',
    '2 while the queue takes pushes, 1 while it does with a reservation (a file that cannot be used, little room), 0 while it refuses them.',
  ),
  row(
    'martlet_lane_limit',
    'gauge',
    'Most pushes of a lane that may be under way: what its connections take, or less while the provider throttles.',
    ['lane'],
  ),
  row('martlet_lane_in_flight', 'gauge', 'Pushes of a lane that are under way.', ['lane']),
  row('martlet_lane_breaker', 'gauge', 'Circuit breaker of a lane: 0 closed, 1 half-open, 2 open.', ['lane']),
  row('martlet_feedback_backlog', 'gauge', 'Entries that wait for the feedback hook to take them.'),
  row('martlet_feedback_failed_total', 'counter', 'Calls of the feedback hook that failed; each is tried again.'),
  row('martlet_feedback_dropped_total', 'counter', 'Entries that the feedback hook will never hear of.'),
  row('martlet_sandbox', 'gauge', '1 while pushes go to the simulated providers inside the process, else 0.'),
  row('martlet_build_info', 'gauge', 'Always 1; the labels tell the version of Martlet and of Node.', [
    'version',
    'node',
  ]),
] as const satisfies readonly MetricRow[];

export type MetricName = (typeof metricTable)[number]['name'];
