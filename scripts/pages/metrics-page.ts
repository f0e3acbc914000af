import { LATENCY_BOUNDS } from '../../src/observe/metrics/histogram.ts';
import { hubTable } from '../../src/observe/metrics/hub-metric-table.ts';
import { type metricTable, relayTable } from '../../src/observe/metrics/metric-table.ts';
import { MOST_APPS, MOST_TIMED_APPS } from '../../src/observe/metrics/push-counts.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { cell } from './cell.ts';

const HEAD = `# Metrics

<!-- Generated from src/observe/metrics/metric-table.ts and hub-metric-table.ts by \`npm run docs\`. -->

\`GET /metrics\` (\`api.metric_uri\`) answers in Prometheus' text format 0.0.4, or in OpenMetrics 1.0 (units, exemplars) where the \`Accept\` header prefers it, as Prometheus'
does. Gorush's eleven series have its names and texts in both; in OpenMetrics, where a counter would have to end with \`_total\`, they are of the type \`unknown\`.

With \`core.processes\` every worker answers for all: counters, histograms and most gauges are added up, workers that are gone included; the others say so below.

Dashboard: deploy/grafana/martlet.json. Alerts: deploy/prometheus/martlet.rules.yml, each explained in [operations.md](operations.md#alerts). Scrape:
deploy/prometheus/prometheus.yml.
`;

const LABELS = `## Labels

Labels come from closed sets: never a token, never a text of a caller or a provider.

| label | values |
|---|---|
| \`app\` | Names of apps, \`default\` among them. At most ${MOST_APPS.toLocaleString('en')} in a process (${MOST_TIMED_APPS} in the latencies), in the order of their first pushes; later ones, and names that no app has, are counted together as \`other\`. |
| \`provider\` | ${builtIn.rows.map(({ name }) => `\`${name}\``).join(', ')}; \`none\` for a push that no lane takes: its platform is off or unknown, or there is no such app. |
| \`environment\` | \`production\`, \`development\`; all but APNs are always \`production\`. |
| \`partition\` | Of lanes that are parted by where a target is (Web Push): the vendor of the place, \`other\` for all that devices may choose; absent where there is one place. |
| \`outcome\` | \`accepted\` by the provider, or \`failed\` for good. |
| \`category\` | The categories of [errors.md](errors.md); empty for what was accepted. |
| \`reason\` | The reasons of [errors.md](errors.md), the relay's names of broken connections (\`RequestTimeout\`, \`Econnrefused\`) and of HTTP statuses (\`BadGateway\`); any other word of a provider is \`other\`. Empty for what was accepted. |
| \`le\` | Upper bounds. Latencies, in seconds: ${LATENCY_BOUNDS.join(', ')}, +Inf. |
`;

const HUB = `## The hub

With \`hub.enabled: true\` there are the series below; without it there are none of them. Labels: \`channel\` is \`realtime\`, \`push\`, \`email\`, \`sms\` or \`slack\`, \`state\` and \`reason\` are those of
[hub/deciding.md](hub/deciding.md#in-words), or a provider's reason of [errors.md](errors.md); \`outcome\` is how a person counts in the answer of a send; \`status\` is that of a device, as it is stored
(\`stale\` and \`signed_out\` ones are \`active\` here).

What is read from the store (\`…_due_rows\`, \`…_overdue_rows\`, \`…_unclaimed_rows\`, \`…_handover_rows\`, \`…_removals_paused\`, \`…_people\`, \`…_devices\`) is the same for all instances that share it: take the \`max\`, not the sum. It is asked
at most every five seconds, and is absent while the store is away. People and devices are counted every ten minutes while there are scrapes, in SQLite up to a million of each app and status.
`;

const TAIL = `## The process

The process and Node have the series that prom-client gives them, under the same names: \`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`, \`process_open_fds\`, \`process_start_time_seconds\`,
\`nodejs_heap_size_used_bytes\`, \`nodejs_gc_duration_seconds\` and others of these names.

## Exemplars

In OpenMetrics, a bucket of a latency carries the \`trace_id\` of the last push that fell into it, where its request had a \`traceparent\` whose trace is kept (flag 01). Prometheus stores them
with \`--enable-feature=exemplar-storage\`.

## What adds up

- \`martlet_pushes_total\` counts each target (a device token, a topic, a condition) once, by its final outcome; its sum over all but \`provider="none"\` is the count of \`martlet_push_duration_seconds\`.
- \`martlet_provider_duration_seconds\` counts attempts: final outcomes of what was sent, and \`martlet_retries_total\`.
- \`gorush_ios_success\` and its siblings count the same pushes by platform; with a \`stat.engine\` other than \`memory\` they go on where the last process ended.
`;

type Row = (typeof metricTable)[number] & { readonly merge?: string };

const MERGED: Readonly<Record<string, string>> = {
  min: 'the lowest of the workers',
  max: 'the highest of the workers',
};

function line({ name, type, help, labels, merge = 'sum' }: Row): string {
  const merged = MERGED[merge] ? ` With several processes: ${MERGED[merge]}.` : '';
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${cell(help)}${merged} |`;
}

const table = (title: string, rows: readonly Row[]): string =>
  `## ${title}\n\n| series | type | labels | meaning |\n|---|---|---|---|\n${rows.map(line).join('\n')}\n`;

const isGorush = ({ name }: Row): boolean => name.startsWith('gorush_');

/** docs/metrics.md */
export function metricsPage(): string {
  const rows: readonly Row[] = relayTable;
  const own = rows.filter((row) => !isGorush(row));
  return [
    HEAD,
    LABELS,
    table('Series', own),
    HUB,
    table('Series of the hub', hubTable),
    TAIL,
    table("Gorush's series", rows.filter(isGorush)),
  ].join('\n');
}
