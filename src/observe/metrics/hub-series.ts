import { NO_LABELS } from './family.ts';
import type { HubCounts } from './hub-counts.ts';
import type { Sheet } from './sheet.ts';

/** How many of something an app has, in each status where it has any. */
export interface HeadCount {
  readonly app: string;
  /** Of devices; absent: people. */
  readonly status?: string;
  readonly count: number;
}

/** What the store has of what waits, as it was asked last. */
export interface HubBacklog {
  readonly due: number;
  readonly overdue: number;
  /** Timers that were due a while ago and that no instance holds, by kind. */
  readonly unclaimed: ReadonlyMap<string, number>;
  readonly handovers: number;
  /** Notes for the figures. */
  readonly notes: number;
}

/** What a scrape reads of the hub. */
export interface HubReading {
  readonly counts: HubCounts;
  /** Whether the store answers. */
  readonly isUp: boolean;
  /** Undefined: not known yet. */
  readonly backlog: HubBacklog | undefined;
  /** Targets that were handed over and have not ended. */
  readonly underWay: number;
  /** By app whether its removals are paused, of apps that had a dead device. */
  readonly removals: ReadonlyMap<string, boolean>;
  readonly heads: readonly HeadCount[];
  readonly sinks: readonly SinkCount[];
}

/** What came of the events for one of `hub.sinks`. */
export interface SinkCount {
  readonly sink: string;
  readonly backlog: number;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
}

function setStore(sheet: Sheet, { counts, isUp }: HubReading): void {
  sheet.set('martlet_hub_store_up', isUp ? 1 : 0);
  sheet.observe('martlet_hub_store_write_seconds', counts.writes, NO_LABELS);
  sheet.observe('martlet_hub_store_commit_works', counts.commits, NO_LABELS);
  sheet.set('martlet_hub_store_failures_total', counts.storeFailures);
  sheet.add('martlet_hub_unreadable_total', counts.unreadables);
}

/** Apps without a label of their own are one. */
function labelled(heads: readonly HeadCount[], counts: HubCounts): HeadCount[] {
  const groups = Map.groupBy(heads, ({ app, status }) => `${counts.appLabel(app)}\0${status}`);
  return [...groups.values()].map((some) => {
    const [first] = some as [HeadCount];
    return { ...first, app: counts.appLabel(first.app), count: some.reduce((sum, { count }) => sum + count, 0) };
  });
}

function setStreams(sheet: Sheet, { streams }: HubCounts): void {
  sheet.add('martlet_hub_streams', streams.open);
  sheet.add('martlet_hub_streams_opened_total', streams.openedSoFar);
  sheet.add('martlet_hub_streams_closed_total', streams.closedSoFar);
  sheet.set('martlet_hub_streams_refused_total', streams.refusedSoFar);
  sheet.set('martlet_hub_stream_events_total', streams.events);
  sheet.set('martlet_hub_stream_dropped_total', streams.droppedSoFar);
}

function setSink(sheet: Sheet, { sink, backlog, sent, failed, dropped }: SinkCount): void {
  sheet.set('martlet_hub_sink_backlog', backlog, [sink]);
  sheet.set('martlet_hub_sink_sent_total', sent, [sink]);
  sheet.set('martlet_hub_sink_failed_total', failed, [sink]);
  sheet.set('martlet_hub_sink_dropped_total', dropped, [sink]);
}

/** The series of the hub. */
export function setHub(sheet: Sheet, reading: HubReading): void {
  const { counts, backlog, underWay, removals, heads, sinks } = reading;
  sheet.add('martlet_hub_decisions_total', counts.decisions);
  sheet.add('martlet_hub_recipients_total', counts.recipients);
  sheet.add('martlet_hub_engagements_total', counts.engagements);
  for (const [channel, answers] of counts.answers) sheet.observe('martlet_hub_answer_seconds', answers, { channel });
  sheet.add('martlet_hub_task_notices_total', counts.taskNotices);
  sheet.add('martlet_hub_schedule_times_total', counts.scheduleTimes);
  sheet.set('martlet_hub_taken_over_total', counts.takenOver);
  sheet.set('martlet_hub_pushes_under_way', underWay);
  if (backlog) {
    sheet.set('martlet_hub_due_rows', backlog.due);
    sheet.set('martlet_hub_overdue_rows', backlog.overdue);
    for (const [kind, count] of backlog.unclaimed) sheet.set('martlet_hub_unclaimed_rows', count, [kind]);
    sheet.set('martlet_hub_handover_rows', backlog.handovers);
    sheet.set('martlet_hub_figures_waiting', backlog.notes);
  }
  for (const [app, isPaused] of removals)
    sheet.set('martlet_hub_removals_paused', isPaused ? 1 : 0, [counts.appLabel(app)]);
  for (const { app, status, count } of labelled(heads, counts))
    if (status === undefined) sheet.set('martlet_hub_people', count, [app]);
    else sheet.set('martlet_hub_devices', count, [app, status]);
  setStreams(sheet, counts);
  for (const sink of sinks) setSink(sheet, sink);
  setStore(sheet, reading);
}
