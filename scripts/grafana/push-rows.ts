import { A, I, quantiles, R, type Row } from './panel.ts';

const overview: Row = {
  title: 'Overview',
  panels: [
    {
      title: 'Pushes/s',
      type: 'stat',
      width: 4,
      unit: 'ops',
      queries: [['', `sum(rate(martlet_pushes_total{${A}}[${R}]))`]],
    },
    {
      title: 'Failed',
      type: 'stat',
      width: 4,
      unit: 'percentunit',
      thresholds: [
        ['green', null],
        ['orange', 0.05],
        ['red', 0.2],
      ],
      queries: [
        [
          '',
          `sum(rate(martlet_pushes_total{${A}, outcome="failed"}[${R}])) / sum(rate(martlet_pushes_total{${A}}[${R}]))`,
        ],
      ],
    },
    {
      title: 'Accepted → answered, p95',
      type: 'stat',
      width: 4,
      unit: 's',
      queries: [['', `histogram_quantile(0.95, sum by (le) (rate(martlet_push_duration_seconds_bucket{${A}}[${R}])))`]],
    },
    {
      title: 'Oldest push',
      type: 'stat',
      width: 4,
      unit: 's',
      thresholds: [
        ['green', null],
        ['orange', 60],
        ['red', 300],
      ],
      queries: [['', `max(martlet_queue_oldest_age_seconds{${I}})`]],
    },
    {
      title: 'Ready instances',
      type: 'stat',
      width: 4,
      queries: [['', `sum(martlet_ready{${I}})`]],
    },
    {
      title: 'Open breakers',
      type: 'stat',
      width: 4,
      thresholds: [
        ['green', null],
        ['red', 1],
      ],
      queries: [['', `sum(martlet_lane_breaker{${A}} > bool 0)`]],
    },
  ],
};

const pushes: Row = {
  title: 'Pushes',
  panels: [
    {
      title: 'Pushes/s by outcome',
      unit: 'ops',
      stacked: true,
      queries: [['{{provider}} {{outcome}}', `sum by (provider, outcome) (rate(martlet_pushes_total{${A}}[${R}]))`]],
    },
    {
      title: 'Failures/s by reason',
      description: 'What each means and what to do about it: docs/errors.md.',
      unit: 'ops',
      stacked: true,
      queries: [
        [
          '{{provider}} {{category}} {{reason}}',
          `sum by (provider, category, reason) (rate(martlet_pushes_total{${A}, outcome="failed"}[${R}]))`,
        ],
      ],
    },
    {
      title: 'Pushes/s of the ten busiest apps',
      unit: 'ops',
      queries: [['{{app}}', `topk(10, sum by (app) (rate(martlet_pushes_total{${A}}[${R}])))`]],
    },
    {
      title: 'Late verdicts/s, by outcome',
      width: 8,
      unit: 'ops',
      queries: [
        ['{{provider}} {{outcome}}', `sum by (provider, outcome) (rate(martlet_late_outcomes_total{${A}}[${R}]))`],
      ],
    },
    {
      title: 'Retries/s',
      unit: 'ops',
      queries: [
        [
          '{{app}} {{provider}} {{category}} {{reason}}',
          `sum by (app, provider, category, reason) (rate(martlet_retries_total{${A}}[${R}]))`,
        ],
      ],
    },
  ],
};

const latencies: Row = {
  title: 'Latencies',
  panels: [
    {
      title: 'Accepted → final outcome',
      width: 8,
      unit: 's',
      exemplars: true,
      queries: quantiles('martlet_push_duration_seconds', A, 'le', ''),
    },
    {
      title: "The provider's part",
      width: 8,
      unit: 's',
      exemplars: true,
      queries: quantiles('martlet_provider_duration_seconds', A, 'le, provider', ' {{provider}}'),
    },
    {
      title: 'Wait in the queue',
      width: 8,
      unit: 's',
      exemplars: true,
      queries: quantiles('martlet_queue_wait_seconds', A, 'le, provider', ' {{provider}}'),
    },
  ],
};

export const pushRows: readonly Row[] = [overview, pushes, latencies];
