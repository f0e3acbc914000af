import { A, I, quantiles, R, type Row } from './panel.ts';

const sends: Row = {
  title: 'Hub: sends to people (with hub.enabled)',
  panels: [
    {
      title: 'Decisions/s by state',
      description: 'A decision counts for each state that it comes to. What each means: docs/hub/deciding.md.',
      unit: 'ops',
      queries: [['{{channel}} {{state}}', `sum by (channel, state) (rate(martlet_hub_decisions_total{${A}}[${R}]))`]],
    },
    {
      title: 'Not sent or held, by reason',
      description: 'What each reason means and what to do about it: docs/hub/deciding.md, "Reasons".',
      unit: 'ops',
      stacked: true,
      queries: [
        [
          '{{channel}} {{state}} {{reason}}',
          `sum by (channel, state, reason) (rate(martlet_hub_decisions_total{${A}, state=~"suppressed|deferred|failed|expired|cancelled"}[${R}]))`,
        ],
      ],
    },
    {
      title: 'People/s by how they counted',
      unit: 'ops',
      stacked: true,
      queries: [['{{outcome}}', `sum by (outcome) (rate(martlet_hub_recipients_total{${A}}[${R}]))`]],
    },
    {
      title: 'Due until answered, by channel',
      description: 'From when a decision was due to the answer of its provider.',
      unit: 's',
      queries: quantiles('martlet_hub_answer_seconds', I, 'le, channel', ' {{channel}}'),
    },
    {
      title: 'What people did with it/s',
      description: 'As their apps told it: docs/hub/analytics.md.',
      unit: 'ops',
      queries: [['{{event}}', `sum by (event) (rate(martlet_hub_engagements_total{${A}}[${R}]))`]],
    },
    {
      title: 'Notes of figures that are not added up',
      description: 'Figures of /v1/analytics are behind while this does not go back to 0.',
      queries: [['notes', `max(martlet_hub_figures_waiting{${I}})`]],
    },
    {
      title: 'Timers, and those that are overdue',
      queries: [
        ['in the store', `max(martlet_hub_due_rows{${I}})`],
        ['overdue', `max(martlet_hub_overdue_rows{${I}})`],
        ['{{kind}} that no instance has taken', `max by (kind) (martlet_hub_unclaimed_rows{${I}}) > 0`],
      ],
    },
    {
      title: 'Notices about tasks/s, by type',
      unit: 'ops',
      stacked: true,
      queries: [['{{type}}', `sum by (type) (rate(martlet_hub_task_notices_total{${A}}[${R}]))`]],
    },
    {
      title: 'Times of schedules/s',
      unit: 'ops',
      queries: [['{{outcome}}', `sum by (outcome) (rate(martlet_hub_schedule_times_total{${A}}[${R}]))`]],
    },
    {
      title: 'Handed over',
      queries: [
        ['{{instance}} under way', `martlet_hub_pushes_under_way{${I}}`],
        ['batches in the store', `max(martlet_hub_handover_rows{${I}})`],
        ['{{instance}} taken over/s', `rate(martlet_hub_taken_over_total{${I}}[${R}])`],
      ],
    },
  ],
};

const streams: Row = {
  title: 'Hub: live streams of people',
  panels: [
    {
      title: 'Open streams',
      stacked: true,
      queries: [['{{kind}}', `sum by (kind) (martlet_hub_streams{${I}})`]],
    },
    {
      title: 'Opened and ended/s, by reason',
      description: 'client: it left. slow, silent: it took nothing, or answered no ping. drain: an instance ended.',
      unit: 'ops',
      queries: [
        ['{{kind}} opened', `sum by (kind) (rate(martlet_hub_streams_opened_total{${I}}[${R}]))`],
        ['{{kind}} {{reason}}', `sum by (kind, reason) (rate(martlet_hub_streams_closed_total{${I}}[${R}]))`],
      ],
    },
    {
      title: 'Events/s to streams, streams refused and events dropped',
      unit: 'ops',
      queries: [
        ['events', `sum(rate(martlet_hub_stream_events_total{${I}}[${R}]))`],
        ['refused streams', `sum(rate(martlet_hub_streams_refused_total{${I}}[${R}]))`],
        ['dropped events', `sum(rate(martlet_hub_stream_dropped_total{${I}}[${R}]))`],
      ],
    },
  ],
};

const sinks: Row = {
  title: 'Hub: sinks (hub.sinks)',
  panels: [
    {
      title: 'Events that wait for a sink',
      queries: [['{{sink}} {{instance}}', `martlet_hub_sink_backlog{${I}}`]],
    },
    {
      title: 'Events/s by what became of them',
      description: 'failed: a call that is tried again. dropped: given up after an hour, or there was no room.',
      unit: 'ops',
      queries: [
        ['{{sink}} taken', `sum by (sink) (rate(martlet_hub_sink_sent_total{${I}}[${R}]))`],
        ['{{sink}} failed', `sum by (sink) (rate(martlet_hub_sink_failed_total{${I}}[${R}]))`],
        ['{{sink}} dropped', `sum by (sink) (rate(martlet_hub_sink_dropped_total{${I}}[${R}]))`],
      ],
    },
  ],
};

const store: Row = {
  title: 'Hub: store, people and devices',
  panels: [
    {
      title: 'The store',
      type: 'state-timeline',
      mappings: { 0: { text: 'away', color: 'red' }, 1: { text: 'answers', color: 'green' } },
      queries: [['{{instance}}', `martlet_hub_store_up{${I}}`]],
    },
    {
      title: 'Until it is on the disk',
      unit: 's',
      queries: quantiles('martlet_hub_store_write_seconds', I, 'le', ''),
    },
    {
      title: 'Works of a commit, and works that failed/s',
      queries: [
        [
          '{{instance}} works',
          `rate(martlet_hub_store_commit_works_sum{${I}}[${R}]) / rate(martlet_hub_store_commit_works_count{${I}}[${R}])`,
        ],
        [
          '{{instance}} p99',
          `histogram_quantile(0.99, sum by (le, instance) (rate(martlet_hub_store_commit_works_bucket{${I}}[${R}])))`,
        ],
        ['{{instance}} failed/s', `rate(martlet_hub_store_failures_total{${I}}[${R}])`],
      ],
    },
    {
      title: 'Kept, and cannot be read',
      queries: [['{{instance}} {{kind}}', `martlet_hub_unreadable_total{${I}}`]],
    },
    {
      title: 'Removals of dead devices',
      type: 'state-timeline',
      mappings: { 0: { text: 'as usual', color: 'green' }, 1: { text: 'paused', color: 'red' } },
      queries: [['{{app}}', `max by (app) (martlet_hub_removals_paused{${A}})`]],
    },
    {
      title: 'People and devices',
      queries: [
        ['{{app}} people', `max by (app) (martlet_hub_people{${A}})`],
        ['{{app}} devices {{status}}', `max by (app, status) (martlet_hub_devices{${A}})`],
      ],
    },
  ],
};

/** Empty where the hub is off. */
export const hubRows: readonly Row[] = [sends, streams, sinks, store];
