import { A, byLane, I, LANE, quantiles, R, type Row } from './panel.ts';

const queue: Row = {
  title: 'Queue',
  panels: [
    {
      title: 'Notifications in the queue',
      queries: [
        ['{{instance}}', `martlet_queue_depth{${I}}`],
        ['{{instance}} limit', `martlet_queue_limit{${I}}`],
      ],
    },
    {
      title: 'Age of the oldest',
      unit: 's',
      queries: [['{{instance}}', `martlet_queue_oldest_age_seconds{${I}}`]],
    },
    {
      title: 'Pushes that wait',
      queries: [
        ['{{instance}} for their turn', `martlet_queue_waiting_pushes{${I}}`],
        ['{{instance}} for a retry', `martlet_queue_deferred_pushes{${I}}`],
      ],
    },
    {
      title: 'Pushes taken/s',
      unit: 'ops',
      queries: [['{{instance}}', `rate(martlet_queue_pushes_total{${I}}[${R}])`]],
    },
    {
      title: 'Refused with 503',
      unit: 'ops',
      queries: [
        ['{{instance}}', `rate(martlet_queue_refused_total{${I}}[${R}])`],
        ['{{instance}} in memory only', `1 - martlet_queue_durable{${I}}`],
        ['{{instance}} health lost', `2 - martlet_queue_health{${I}}`],
      ],
    },
    {
      title: 'Taken over from instances that ended/s',
      unit: 'ops',
      queries: [['{{instance}}', `rate(martlet_queue_taken_over_total{${I}}[${R}])`]],
    },
  ],
};

const lanes: Row = {
  title: 'Lanes',
  panels: [
    {
      title: 'Breakers',
      type: 'state-timeline',
      mappings: {
        0: { text: 'closed', color: 'green' },
        1: { text: 'half-open', color: 'orange' },
        2: { text: 'open', color: 'red' },
      },
      queries: [[LANE, `max by (${byLane}) (martlet_lane_breaker{${A}})`]],
    },
    {
      title: 'Health',
      type: 'state-timeline',
      mappings: {
        0: { text: 'fails', color: 'red' },
        1: { text: 'doubtful', color: 'orange' },
        2: { text: 'good', color: 'green' },
      },
      queries: [[LANE, `min by (${byLane}) (martlet_lane_health{${A}})`]],
    },
    {
      title: 'Under way, and the most that may be',
      queries: [
        [LANE, `sum by (${byLane}) (martlet_lane_in_flight{${A}})`],
        [`${LANE} limit`, `sum by (${byLane}) (martlet_lane_limit{${A}})`],
      ],
    },
    {
      title: 'Waiting and deferred pushes',
      queries: [
        [LANE, `sum by (${byLane}) (martlet_lane_waiting_pushes{${A}})`],
        [`${LANE} deferred`, `sum by (${byLane}) (martlet_lane_deferred_pushes{${A}})`],
      ],
    },
    {
      title: 'Sessions and streams',
      queries: [
        [`${LANE} sessions`, `sum by (${byLane}) (martlet_lane_sessions{${A}})`],
        [`${LANE} streams`, `sum by (${byLane}) (martlet_lane_streams{${A}})`],
      ],
    },
    {
      title: 'Connections/s',
      unit: 'ops',
      queries: [
        [`${LANE} opened`, `sum by (${byLane}) (rate(martlet_lane_connects_total{${A}}[${R}]))`],
        [`${LANE} failed`, `sum by (${byLane}) (rate(martlet_lane_connect_failures_total{${A}}[${R}]))`],
        [`${LANE} GOAWAY`, `sum by (${byLane}) (rate(martlet_lane_goaways_total{${A}}[${R}]))`],
        [`${LANE} PING`, `sum by (${byLane}) (rate(martlet_lane_pings_total{${A}}[${R}]))`],
      ],
    },
    {
      title: 'Held back by rate_limit',
      unit: 'percentunit',
      queries: [[LANE, `sum by (${byLane}) (rate(martlet_lane_rate_limit_wait_seconds_total{${A}}[${R}]))`]],
    },
    {
      title: 'Pauses/s of rate_limit',
      unit: 'ops',
      queries: [[LANE, `sum by (${byLane}) (rate(martlet_lane_rate_limit_waits_total{${A}}[${R}]))`]],
    },
  ],
};

const feedback: Row = {
  title: 'Feedback hook and credentials',
  panels: [
    {
      title: 'Entries that wait for the hook',
      width: 8,
      queries: [['{{app}}', `sum by (app) (martlet_feedback_backlog{${A}})`]],
    },
    {
      title: 'Calls of the hook/s',
      width: 8,
      unit: 'ops',
      queries: [
        ['{{app}} taken', `sum by (app) (rate(martlet_feedback_sent_total{${A}}[${R}]))`],
        ['{{app}} failed', `sum by (app) (rate(martlet_feedback_failed_total{${A}}[${R}]))`],
        ['{{app}} dropped', `sum by (app) (rate(martlet_feedback_dropped_total{${A}}[${R}]))`],
      ],
    },
    {
      title: 'Credentials end in',
      type: 'stat',
      width: 8,
      unit: 's',
      thresholds: [
        ['red', null],
        ['orange', 14 * 86_400],
        ['green', 60 * 86_400],
      ],
      queries: [['{{app}} {{provider}}', `min by (app, provider) (martlet_credential_expiry_seconds{${A}}) - time()`]],
    },
  ],
};

const processes: Row = {
  title: 'Process',
  panels: [
    {
      title: 'Delay of the event loop: the longest of each second',
      unit: 's',
      queries: quantiles('martlet_event_loop_delay_seconds', I, 'le, instance', ' {{instance}}'),
    },
    {
      title: 'CPU',
      unit: 'percentunit',
      queries: [['{{instance}}', `rate(process_cpu_seconds_total{${I}}[${R}])`]],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: [
        ['{{instance}} resident', `process_resident_memory_bytes{${I}}`],
        ['{{instance}} heap', `nodejs_heap_size_used_bytes{${I}}`],
      ],
    },
    {
      title: 'Garbage collection',
      unit: 'percentunit',
      queries: [['{{instance}}', `sum by (instance) (rate(nodejs_gc_duration_seconds_sum{${I}}[${R}]))`]],
    },
    {
      title: 'Requests that were not let in/s',
      unit: 'ops',
      queries: [['{{reason}}', `sum by (reason) (rate(martlet_auth_failures_total{${I}}[${R}]))`]],
    },
    {
      title: 'Versions, and 1 where the sandbox is on',
      type: 'table',
      queries: [
        ['', `max by (instance, version, node) (martlet_build_info{${I}})`],
        ['', `max by (instance) (martlet_sandbox{${I}})`],
      ],
    },
  ],
};

export const machineRows: readonly Row[] = [queue, lanes, feedback, processes];
