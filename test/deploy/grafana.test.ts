import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricTable } from '../../src/observe/metrics/metric-table.ts';
import { createRuntimeMetrics } from '../../src/observe/metrics/runtime-metrics.ts';
import { dashboard, dashboardQueries } from './dashboard.ts';

const runtime = createRuntimeMetrics();
const ofProcess = new Map(
  runtime.families().map(({ name, type, samples }) => [name, { type, labels: Object.keys(samples[0]?.labels ?? {}) }]),
);
runtime.close();

/** What Prometheus adds itself. */
const SCRAPED = ['instance', 'job'];

/** Labels of every sample that a scrape brings, by the sample's name. */
const known = new Map<string, readonly string[]>();
for (const [name, { type, labels }] of [...metricTable.map((row) => [row.name, row] as const), ...ofProcess]) {
  const own = [...labels, ...SCRAPED];
  if (type !== 'histogram') known.set(name, own);
  else for (const suffix of ['_bucket', '_sum', '_count']) known.set(name + suffix, [...own, 'le']);
}
known.set('up', SCRAPED);

const METRIC = /\b(?:martlet|gorush|nodejs|process)_\w+|\bup\b/g;

interface Use {
  readonly metrics: readonly string[];
  /** Of selectors, `by`, `on` and legends. */
  readonly labels: readonly string[];
}

function useOf(expr: string, text: string): Use {
  const bare = expr.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const selectors = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) =>
    [...inner.matchAll(/(\w+)\s*[=!]/g)].map(([, label]) => label as string),
  );
  const groups = [...bare.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, inner = '']) =>
    inner.split(',').map((label) => label.trim()),
  );
  const shown = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label as string);
  return { metrics: [...bare.matchAll(METRIC)].map(([name]) => name), labels: [...selectors, ...groups, ...shown] };
}

function check(expr: string, text: string): void {
  const { metrics, labels } = useOf(expr, text);
  expect(metrics.length, expr).toBeGreaterThan(0);
  for (const metric of metrics) {
    expect([...known.keys()], expr).toContain(metric);
    for (const label of labels) expect(known.get(metric), `${label} of ${metric} in ${expr}`).toContain(label);
  }
}

test.each(dashboardQueries)('$panel asks for series and labels that there are: $expr', ({ expr, legend }) => {
  check(expr, legend);
});

const { groups } = parse(
  readFileSync(new URL('../../deploy/prometheus/martlet.rules.yml', import.meta.url), 'utf8'),
) as {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
};

test.each(groups.flatMap(({ rules }) => rules))('$alert asks for series and labels that there are', (rule) => {
  check(rule.expr, Object.values(rule.annotations).join(' '));
});

test('the variables are the data source, the instance and the app, from series that there are', () => {
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance', 'app']);
  for (const { definition } of dashboard.templating.list) {
    if (definition === undefined) continue;
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    expect(known.get(metric)).toContain(label);
  }
});

test('every series of a lane, of the queue, of the hook and of the pushes is on the dashboard', () => {
  const shown = new Set(dashboardQueries.flatMap(({ expr }) => useOf(expr, '').metrics));
  const own = metricTable.filter(({ name }) => name.startsWith('martlet_'));
  const unseen = own.filter(({ name, type }) => !shown.has(type === 'histogram' ? `${name}_bucket` : name));
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

test('no panel lies on another', () => {
  const taken = new Set<string>();
  for (const { gridPos, id } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(x, `panel ${id}`).toBeLessThan(24);
        expect(taken.has(`${x},${y}`), `panel ${id}`).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});
