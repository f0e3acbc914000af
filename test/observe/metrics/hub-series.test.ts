import { expect, test } from 'vitest';
import { HubCounts } from '../../../src/observe/metrics/hub-counts.ts';
import { hubTable } from '../../../src/observe/metrics/hub-metric-table.ts';
import type { HubReading } from '../../../src/observe/metrics/hub-series.ts';
import { MOST_APPS } from '../../../src/observe/metrics/push-counts.ts';
import { linesOf, quietMetrics } from './quiet-metrics.ts';

const reading = (more: Partial<HubReading> = {}): HubReading => ({
  counts: new HubCounts(new Set(['no_devices', 'quiet_hours'])),
  ...{ isUp: true, backlog: undefined, underWay: 0, removals: new Map(), heads: [], sinks: [] },
  ...more,
});

async function rendered(of: HubReading, accept?: string): Promise<string> {
  const metrics = quietMetrics();
  metrics.watchHub(async () => of);
  return (await metrics.render(accept)).text;
}

test('without a hub none of its series is there, not even their names', async () => {
  expect((await quietMetrics().render()).text).not.toContain('martlet_hub_');
});

test('with one, each series of the table has its type and text', async () => {
  const text = await rendered(reading());
  for (const { name, type, help } of hubTable)
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
});

test('decisions are counted by app, channel, state and reason; a word that is in no table is other', async () => {
  const counts = new HubCounts(new Set(['no_devices']));
  const push = { app: 'shop', channel: 'push' };
  counts.decided([
    { ...push, state: 'pending', reason: null },
    { ...push, state: 'suppressed', reason: 'no_devices' },
    { ...push, state: 'suppressed', reason: 'no_devices' },
    { ...push, state: 'failed', reason: 'Whatever a provider says' },
  ]);
  counts.decided([{ ...push, state: 'pending', reason: null, count: 5 }]);
  expect(linesOf(await rendered(reading({ counts })), 'martlet_hub_decisions_total{')).toEqual([
    'martlet_hub_decisions_total{app="shop",channel="push",state="pending",reason=""} 6',
    'martlet_hub_decisions_total{app="shop",channel="push",state="suppressed",reason="no_devices"} 2',
    'martlet_hub_decisions_total{app="shop",channel="push",state="failed",reason="other"} 1',
  ]);
});

test('people are counted by how they counted in the answer', async () => {
  const counts = new HubCounts(new Set());
  counts.counted({ app: 'shop', outcomes: { queued: 3, no_channel: 1, unknown: 0 } });
  counts.counted({ app: 'shop', outcomes: { queued: 1 } });
  expect(linesOf(await rendered(reading({ counts })), 'martlet_hub_recipients_total{')).toEqual([
    'martlet_hub_recipients_total{app="shop",outcome="queued"} 4',
    'martlet_hub_recipients_total{app="shop",outcome="no_channel"} 1',
  ]);
});

test('however many apps there are, the labels are bounded, and those beyond are summed up', async () => {
  const counts = new HubCounts(new Set());
  for (let i = 0; i < MOST_APPS + 2; i++) counts.counted({ app: `app${i}`, outcomes: { queued: 1 } });
  const heads = [
    { app: 'late-1', count: 3 },
    { app: 'late-2', count: 4 },
    { app: 'app1', status: 'active', count: 2 },
  ];
  const text = await rendered(reading({ counts, heads }));
  expect(linesOf(text, 'martlet_hub_recipients_total{')).toHaveLength(MOST_APPS + 1);
  expect(text).toContain('\nmartlet_hub_recipients_total{app="other",outcome="queued"} 2\n');
  expect(text).toContain('\nmartlet_hub_people{app="other"} 7\n');
  expect(text).toContain('\nmartlet_hub_devices{app="app1",status="active"} 2\n');
});

test('the store tells whether it answers, how long writes take, how many share a commit and how many failed', async () => {
  const counts = new HubCounts(new Set());
  counts.committed(3);
  for (const ms of [2, 2, 700]) counts.wrote(ms);
  counts.failed(4);
  for (const kind of ['device', 'user', 'device']) counts.unreadable(kind);
  const text = await rendered(reading({ counts, isUp: false }));
  expect(text).toContain('\nmartlet_hub_store_up 0\n');
  expect(text).toContain('\nmartlet_hub_store_write_seconds_bucket{le="0.0025"} 2\n');
  expect(text).toContain('\nmartlet_hub_store_write_seconds_count 3\n');
  expect(text).toContain('\nmartlet_hub_store_commit_works_bucket{le="5"} 1\n');
  expect(text).toContain('\nmartlet_hub_store_failures_total 4\n');
  expect(text).toContain('\nmartlet_hub_unreadable_total{kind="device"} 2\n');
});

test('what the store could not be asked for is absent, and not 0', async () => {
  expect(linesOf(await rendered(reading()), 'martlet_hub_overdue_rows')).toEqual([]);
  const text = await rendered(
    reading({ backlog: { due: 7, overdue: 2, unclaimed: new Map([['sla', 4]]), handovers: 3, notes: 3 }, underWay: 5 }),
  );
  for (const line of [
    'martlet_hub_due_rows 7',
    'martlet_hub_overdue_rows 2',
    'martlet_hub_unclaimed_rows{kind="sla"} 4',
    'martlet_hub_handover_rows 3',
    'martlet_hub_pushes_under_way 5',
  ])
    expect(text).toContain(`\n${line}\n`);
});

test('what each sink has taken, refused and missed is counted, one without events among them', async () => {
  const text = await rendered(
    reading({
      sinks: [
        { sink: 'crm', backlog: 5, sent: 4, failed: 2, dropped: 1 },
        { sink: 'quiet', backlog: 0, sent: 0, failed: 0, dropped: 0 },
      ],
    }),
  );
  for (const line of [
    'martlet_hub_sink_backlog{sink="crm"} 5',
    'martlet_hub_sink_sent_total{sink="crm"} 4',
    'martlet_hub_sink_failed_total{sink="crm"} 2',
    'martlet_hub_sink_dropped_total{sink="crm"} 1',
    'martlet_hub_sink_dropped_total{sink="quiet"} 0',
  ])
    expect(text).toContain(`\n${line}\n`);
});

test('OpenMetrics has them, too', async () => {
  const text = await rendered(reading(), 'application/openmetrics-text; version=1.0.0');
  expect(text).toContain('# TYPE martlet_hub_decisions counter\n');
  expect(text).toContain('# UNIT martlet_hub_store_write_seconds seconds\n');
  expect(text.endsWith('# EOF\n')).toBe(true);
});

test('streams are counted by kind, those that ended by why', async () => {
  const counts = new HubCounts(new Set());
  const { streams } = counts;
  streams.opened('sse');
  streams.opened('sse');
  streams.opened('websocket');
  streams.closed('sse', 'slow');
  streams.refused();
  streams.sent();
  streams.dropped(7);
  const text = await rendered(reading({ counts }));
  expect(linesOf(text, 'martlet_hub_streams{')).toEqual([
    'martlet_hub_streams{kind="sse"} 1',
    'martlet_hub_streams{kind="websocket"} 1',
    'martlet_hub_streams{kind="poll"} 0',
  ]);
  expect(text).toContain('\nmartlet_hub_streams_opened_total{kind="sse"} 2\n');
  expect(text).toContain('\nmartlet_hub_streams_closed_total{kind="sse",reason="slow"} 1\n');
  expect(text).toContain('\nmartlet_hub_streams_refused_total 1\n');
  expect(text).toContain('\nmartlet_hub_stream_events_total 1\n');
  expect(text).toContain('\nmartlet_hub_stream_dropped_total 7\n');
  expect(streams.active).toBe(2);
});
