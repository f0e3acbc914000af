import { counter, gauge, histogram, type MetricRow } from './metric-row.ts';

/** Of what several workers read in one store. */
const shared = { merge: 'max' } as const;
const seconds = { unit: 'seconds' } as const;

const sends = [
  counter(
    'martlet_hub_decisions_total',
    'Decisions about one hop for one person or device, by the state that they came to: one that is held, leaves and is accepted counts three times. reason is empty for a state that has none.',
    { labels: ['app', 'channel', 'state', 'reason'] },
  ),
  counter(
    'martlet_hub_recipients_total',
    'People of notifications, by how they counted when they were first decided about: queued, held, suppressed, no_channel, unknown.',
    { labels: ['app', 'outcome'] },
  ),
  counter(
    'martlet_hub_engagements_total',
    'What people did with what they were sent, as their apps told it: received, dismissed, opened, action.',
    { labels: ['app', 'event'] },
  ),
  histogram('martlet_hub_answer_seconds', 'From when a decision was due until its provider answered, by channel.', {
    labels: ['channel'],
    unit: 'seconds',
  }),
  gauge(
    'martlet_hub_figures_waiting',
    'Notes of what has happened that are not added up yet (docs/hub/analytics.md). Counted up to 100,000.',
    shared,
  ),
  gauge('martlet_hub_due_rows', 'Timers in the store: waits, what is held, digests, pages of sends to many.', shared),
  gauge(
    'martlet_hub_overdue_rows',
    'Timers whose time was more than a minute ago, and that no instance has done. Counted up to 10,000.',
    shared,
  ),
  gauge(
    'martlet_hub_unclaimed_rows',
    'Timers that were due more than five seconds ago and that no instance has taken, by kind: person, held, page, digest, no-channel, escalation, sla, task, schedule. Counted up to 10,000.',
    { labels: ['kind'], ...shared },
  ),
  counter(
    'martlet_hub_task_notices_total',
    'Notices about tasks, by type: task.assigned, task.updated, task.in_progress, task.completed, task.cancelled, task.reminder, task.overdue, task.overdue_summary, task.digest.',
    { labels: ['app', 'type'] },
  ),
  counter(
    'martlet_hub_schedule_times_total',
    'Times of schedules that have come: sent, or missed while nothing ran and not made up.',
    { labels: ['app', 'outcome'] },
  ),
  gauge('martlet_hub_pushes_under_way', 'Pushes, mails and messages that were handed over and have not ended.'),
  gauge(
    'martlet_hub_handover_rows',
    'Batches in the store that were handed over and have not wholly ended; those that wait for late verdicts are among them.',
    shared,
  ),
  counter(
    'martlet_hub_taken_over_total',
    'Decisions that an instance had handed over before it died, or whose store did not answer, and that this one sends again.',
  ),
] as const;

const people = [
  gauge(
    'martlet_hub_removals_paused',
    '1 while dead devices of an app are not removed, because too many are called dead at once.',
    { labels: ['app'], ...shared },
  ),
  gauge('martlet_hub_people', 'People in the store, counted every ten minutes.', { labels: ['app'], ...shared }),
  gauge('martlet_hub_devices', 'Devices in the store by status, counted every ten minutes.', {
    labels: ['app', 'status'],
    ...shared,
  }),
] as const;

const store = [
  gauge('martlet_hub_store_up', "1 while the hub's store answers, 0 while it does not.", { merge: 'min' }),
  histogram(
    'martlet_hub_store_write_seconds',
    'From the moment at which something is to be written until it is on the disk.',
    seconds,
  ),
  histogram('martlet_hub_store_commit_works', 'Pieces of work that shared one commit. SQLite only.'),
  counter(
    'martlet_hub_store_failures_total',
    'Pieces of work that were not written because the store could not be reached or written.',
  ),
  counter(
    'martlet_hub_unreadable_total',
    'What the store keeps and cannot be opened, each counted once, by what it is of: user, device, notification, incident, task, … Damaged, or sealed with another key; the log names each.',
    { labels: ['kind'] },
  ),
] as const;

const streams = [
  gauge('martlet_hub_streams', 'Streams of people that are open: sse, websocket, poll (a poll that waits).', {
    labels: ['kind'],
  }),
  counter('martlet_hub_streams_opened_total', 'Streams that were opened.', { labels: ['kind'] }),
  counter(
    'martlet_hub_streams_closed_total',
    'Streams that ended, by reason: client (it left), slow (it took nothing), silent (it answers no ping), expired (its token), gone (the person was erased), replaced (by a newer one of the same client), drain (the process ends).',
    { labels: ['kind', 'reason'] },
  ),
  counter('martlet_hub_streams_refused_total', 'Streams that were not opened because there are as many as may be.'),
  counter('martlet_hub_stream_events_total', 'Events that were written to streams: one for each stream.'),
  counter(
    'martlet_hub_stream_dropped_total',
    'Events that were removed from the store before a reader took them, which a reset says.',
  ),
] as const;

const sinks = [
  gauge('martlet_hub_sink_backlog', 'Events that wait for a sink to take them.', { labels: ['sink'] }),
  counter('martlet_hub_sink_sent_total', 'Events that a sink took.', { labels: ['sink'] }),
  counter('martlet_hub_sink_failed_total', 'Calls of a sink that failed; each is tried again.', { labels: ['sink'] }),
  counter('martlet_hub_sink_dropped_total', 'Events that a sink will never hear of.', { labels: ['sink'] }),
] as const;

/** Series that are there with `hub.enabled: true`. */
export const hubTable = [...sends, ...people, ...streams, ...sinks, ...store] as const satisfies readonly MetricRow[];
