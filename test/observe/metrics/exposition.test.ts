import { expect, test } from 'vitest';
import { expose } from '../../../src/observe/metrics/exposition.ts';
import {
  type Exemplar,
  type HistogramFamily,
  labelText,
  type ScalarFamily,
} from '../../../src/observe/metrics/family.ts';

const family = (more: Partial<ScalarFamily>): ScalarFamily => ({
  name: 'a_total',
  type: 'counter',
  help: 'A "help".',
  merge: 'sum',
  samples: [{ labels: {}, value: 1 }],
  ...more,
});

const histogram = (exemplar: Exemplar): HistogramFamily => ({
  name: 'h_seconds',
  type: 'histogram',
  help: 'Seconds.',
  unit: 'seconds',
  merge: 'sum',
  bounds: [0.5],
  samples: [{ labels: { x: '1' }, counts: [1, 3], sum: 4.5, exemplars: { 1: exemplar } }],
});

const OPEN = 'application/openmetrics-text; version=1.0.0';

test('OpenMetrics names families without _total and _info, tells units, and ends with EOF', () => {
  const { type, text } = expose(
    [
      family({ name: 'a_seconds_total', unit: 'seconds' }),
      family({ name: 'b_info', type: 'info', samples: [{ labels: { v: '1' }, value: 1 }] }),
      family({ name: 'c', type: 'gauge' }),
      family({ name: 'd', type: 'counter' }),
    ],
    OPEN,
  );
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(text).toBe(
    [
      '# HELP a_seconds A \\"help\\".',
      '# TYPE a_seconds counter',
      '# UNIT a_seconds seconds',
      'a_seconds_total 1',
      '# HELP b A \\"help\\".',
      '# TYPE b info',
      'b_info{v="1"} 1',
      '# HELP c A \\"help\\".',
      '# TYPE c gauge',
      'c 1',
      '# HELP d A \\"help\\".',
      '# TYPE d unknown',
      'd 1',
      '# EOF\n',
    ].join('\n'),
  );
});

test('the text format has neither units nor exemplars, and infos are gauges', () => {
  const exemplar = { traceId: 'f'.repeat(32), value: 1, at: 2 };
  const { type, text } = expose([histogram(exemplar), family({ name: 'b_info', type: 'info' })]);
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text).toBe(
    [
      '# HELP h_seconds Seconds.',
      '# TYPE h_seconds histogram',
      'h_seconds_bucket{x="1",le="0.5"} 1',
      'h_seconds_bucket{x="1",le="+Inf"} 3',
      'h_seconds_sum{x="1"} 4.5',
      'h_seconds_count{x="1"} 3',
      '# HELP b_info A "help".',
      '# TYPE b_info gauge',
      'b_info 1\n',
    ].join('\n'),
  );
  expect(expose([histogram(exemplar)], OPEN).text).toContain(
    `h_seconds_bucket{x="1",le="+Inf"} 3 # {trace_id="${exemplar.traceId}"} 1 2\n`,
  );
});

test('values that are no finite numbers have their names', () => {
  const samples = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value, i) => ({
    labels: { i: String(i) },
    value,
  }));
  const { text } = expose([family({ samples })]);
  expect(text).toMatch(/"0"\} NaN\n.*"1"\} \+Inf\n.*"2"\} -Inf\n/);
});

test('quotes, backslashes and line breaks in labels and help are escaped', () => {
  const labels = labelText({ a: 'x"\\\ny', b: 'z' });
  expect(labels).toBe('a="x\\"\\\\\\ny",b="z"');
  expect(expose([family({ help: 'a\\b\nc' })]).text).toContain('# HELP a_total a\\\\b\\nc\n');
});

const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

test.each([
  [PROMETHEUS_2, 'application/openmetrics-text; version=1.0.0'],
  [PROMETHEUS_3, 'application/openmetrics-text; version=1.0.0'],
  ['application/openmetrics-text', 'application/openmetrics-text; version=0.0.1'],
  ['application/openmetrics-text; version=9.0.0', 'text/plain'],
  ['application/openmetrics-text;q=0.1, text/plain', 'text/plain'],
  ['application/openmetrics-text;q=0', 'text/plain'],
  ['application/openmetrics-text;q=x', 'text/plain'],
  ['text/html', 'text/plain'],
  ['*/*', 'text/plain'],
  ['', 'text/plain'],
  [undefined, 'text/plain'],
])('Accept %s is answered with %s', (accept, type) => {
  expect(expose([], accept).type.startsWith(type)).toBe(true);
});
