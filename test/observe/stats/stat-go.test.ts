import { afterAll, expect, test } from 'vitest';
import { createStatGo } from '../../../src/observe/stats/stat-go.ts';

const statGo = createStatGo();
afterAll(() => statGo.close());

test('the body has the keys of gin-status-api, all numbers but the names', () => {
  const text = JSON.stringify(statGo.read());
  const body = JSON.parse(text) as Record<string, unknown>;
  const { go_version, go_os, go_arch, gc_pause, ...numbers } = body;
  expect(go_version).toBe(process.version);
  expect([go_os, go_arch]).toEqual([process.platform, process.arch]);
  expect((gc_pause as number[]).length).toBeGreaterThan(0);
  for (const value of Object.values(numbers)) expect(value).toBeTypeOf('number');
  expect(Object.keys(body)).toEqual([
    'time',
    'go_version',
    'go_os',
    'go_arch',
    'cpu_num',
    'goroutine_num',
    'gomaxprocs',
    'cgo_call_num',
    'memory_alloc',
    'memory_total_alloc',
    'memory_sys',
    'memory_lookups',
    'memory_mallocs',
    'memory_frees',
    'memory_stack',
    'heap_alloc',
    'heap_sys',
    'heap_idle',
    'heap_inuse',
    'heap_released',
    'heap_objects',
    'gc_next',
    'gc_last',
    'gc_num',
    'gc_per_second',
    'gc_pause_per_second',
    'gc_pause',
  ]);
});

test('times are nanoseconds, digit for digit', () => {
  const text = JSON.stringify(statGo.read());
  const digits = /"time":(\d+)/.exec(text)?.[1] as string;
  expect(digits).toHaveLength(19);
  expect(String(Number(digits))).not.toBe(digits);
});
