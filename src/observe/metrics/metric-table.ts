import { hubTable } from './hub-metric-table.ts';
import { counter, gauge, histogram, info, type MetricRow } from './metric-row.ts';

const lane = { labels: ['app', 'provider', 'environment'] };
/** `partition`: of providers whose lanes are parted by where a target is, such as Web Push. */
const part = { labels: ['app', 'provider', 'environment', 'partition'] };
const app = { labels: ['app'] };
const seconds = { unit: 'seconds' } as const;

/** Gorush's, with its names and texts. */
const gorush = [
  counter('gorush_total_push_count', 'Number of push count'),
  counter('gorush_ios_success', 'Number of iOS success count'),
  counter('gorush_ios_error', 'Number of iOS fail count'),
  counter('gorush_android_success', 'Number of android success count'),
  counter('gorush_android_fail', 'Number of android fail count'),
  counter('gorush_huawei_success', 'Number of huawei success count'),
  counter('gorush_huawei_fail', 'Number of huawei fail count'),
  gauge('gorush_busy_workers', 'Length of busy workers'),
  counter('gorush_success_tasks', 'Length of Success Tasks'),
  counter('gorush_failure_tasks', 'Length of Failure Tasks'),
  counter('gorush_submitted_tasks', 'Length of Submitted Tasks'),
] as const;

const pushes = [
  counter(
    'martlet_pushes_total',
    'Pushes by their final outcome: accepted, or failed with a category and a reason. provider="none" for a push that no lane takes.',
    { labels: ['app', 'provider', 'environment', 'outcome', 'category', 'reason'] },
  ),
  counter('martlet_retries_total', 'Pushes put back to be tried again, by what failed.', {
    labels: ['app', 'provider', 'environment', 'category', 'reason'],
  }),
  counter(
    'martlet_late_outcomes_total',
    'Accepted pushes that a verdict came about later: delivered, or failed with a category and a reason; unknown: none came in time. martlet_pushes_total goes on counting them as accepted.',
    { labels: ['app', 'provider', 'environment', 'outcome', 'category', 'reason'] },
  ),
  histogram(
    'martlet_push_duration_seconds',
    'From the acceptance of a push to its final outcome, all attempts and pauses included.',
    { ...lane, ...seconds },
  ),
  histogram(
    'martlet_provider_duration_seconds',
    "From the hand-over of an attempt to the transport until the provider's answer, or until it was clear that there is none.",
    { ...lane, ...seconds },
  ),
  histogram(
    'martlet_queue_wait_seconds',
    'From the acceptance of a push to the hand-over of its first attempt to the transport.',
    { ...lane, ...seconds },
  ),
] as const;

const queue = [
  gauge('martlet_queue_depth', 'Notifications accepted and not wholly settled.'),
  gauge('martlet_queue_limit', 'Notifications that may be unsettled before requests are refused (core.queue_num).'),
  gauge('martlet_queue_oldest_age_seconds', 'Age of the oldest notification that is not wholly settled.', {
    ...seconds,
    merge: 'max',
  }),
  counter('martlet_queue_pushes_total', 'Pushes taken into the queue: tokens, topics and conditions.'),
  gauge('martlet_queue_waiting_pushes', 'Pushes that wait for their turn.'),
  gauge('martlet_queue_deferred_pushes', 'Pushes that wait for the time of their next attempt.'),
  counter('martlet_queue_refused_total', 'Notifications refused with 503 because the queue could not take them.'),
  counter('martlet_auth_failures_total', 'Requests that were not let in, by why.', { labels: ['reason'] }),
  gauge(
    'martlet_queue_health',
    '2 while the queue takes pushes, 1 while it does with a reservation (a file that cannot be used, little room), 0 while it refuses them.',
    { merge: 'min' },
  ),
  gauge('martlet_queue_durable', '1 while accepted pushes survive the process, 0 while they are in its memory only.', {
    merge: 'min',
  }),
  counter(
    'martlet_queue_taken_over_total',
    'Notifications that came from instances which ended, or went silent, with them. Always 0 with a queue that no other instance shares.',
  ),
] as const;

const lanes = [
  gauge(
    'martlet_lane_limit',
    'Most pushes of a lane that may be under way: what its connections take, or less while the provider throttles.',
    part,
  ),
  gauge('martlet_lane_in_flight', 'Pushes of a lane that are under way.', part),
  gauge('martlet_lane_waiting_pushes', 'Pushes of a lane that wait for their turn.', part),
  gauge('martlet_lane_deferred_pushes', 'Pushes of a lane that wait for the time of their next attempt.', part),
  gauge('martlet_lane_breaker', 'Circuit breaker of a lane: 0 closed, 1 half-open, 2 open.', { ...part, merge: 'max' }),
  gauge(
    'martlet_lane_health',
    '2 while pushes of a lane get through, 1 while the last ones did not, 0 while none can (no connection, refused credential).',
    { ...part, merge: 'min' },
  ),
  gauge('martlet_lane_sessions', 'Open connections of a lane.', part),
  gauge(
    'martlet_lane_streams',
    'Pushes that the open connections of a lane carry at a time, or what a first one is assumed to carry.',
    part,
  ),
  counter('martlet_lane_connects_total', 'Connections that were opened.', part),
  counter('martlet_lane_connect_failures_total', 'Attempts to connect that failed.', part),
  counter('martlet_lane_goaways_total', 'GOAWAY frames of the provider: connections that it retires.', part),
  counter('martlet_lane_pings_total', 'PING frames sent to see whether a connection lives.', part),
  counter('martlet_lane_rate_limit_waits_total', 'How often a lane paused because of its rate_limit.', part),
  counter('martlet_lane_rate_limit_wait_seconds_total', 'How long a lane paused because of its rate_limit.', {
    ...lane,
    ...seconds,
  }),
] as const;

const feedback = [
  gauge('martlet_feedback_backlog', "Entries that wait for an app's feedback hook to take them.", app),
  counter('martlet_feedback_sent_total', 'Entries that a feedback hook took.', app),
  counter('martlet_feedback_failed_total', 'Calls of a feedback hook that failed; each is tried again.', app),
  counter('martlet_feedback_dropped_total', 'Entries that a feedback hook will never hear of.', app),
] as const;

const process = [
  gauge('martlet_ready', 'What /readyz says: 1 for 200, 0 for 503.', { merge: 'min' }),
  gauge(
    'martlet_credential_expiry_seconds',
    'When the credential of an app ends, in seconds since 1970; absent for those without an end.',
    { labels: ['app', 'provider'], merge: 'min', ...seconds },
  ),
  histogram(
    'martlet_event_loop_delay_seconds',
    'How late the event loop was: one observation a second, the longest delay in that second.',
    seconds,
  ),
  gauge('martlet_sandbox', '1 while pushes go to the simulated providers inside the process, else 0.', {
    merge: 'max',
  }),
  info('martlet_build_info', 'Always 1; the labels tell the version of Martlet and of Node.', {
    labels: ['version', 'node'],
    merge: 'first',
  }),
] as const;

/** The series of every relay. */
export const relayTable = [
  ...gorush,
  ...pushes,
  ...queue,
  ...lanes,
  ...feedback,
  ...process,
] as const satisfies readonly MetricRow[];

/** Every series of ours. docs/metrics.md is made from it. */
export const metricTable = [...relayTable, ...hubTable] as const satisfies readonly MetricRow[];

export type MetricName = (typeof metricTable)[number]['name'];
