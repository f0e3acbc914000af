import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addApps, sumOfApps } from '../../../src/observe/stats/app-counts.ts';
import { noStats, type StatCounts, type StatReading, statNames } from '../../../src/observe/stats/stats.ts';
import {
  type CounterBatch,
  openWriteBehindStats,
  type WriteBehindStats,
} from '../../../src/observe/stats/write-behind-stats.ts';

/** A table that can be slow, down, or take a batch and then fail. */
class Table {
  counts = noStats();
  readonly apps = new Map<string, Partial<StatCounts>>();
  readings = 0;
  readonly batches: CounterBatch[] = [];
  down = false;
  failsAfterTaking = 0;
  hold: Promise<void> | undefined;
  closed = false;
  #last = 0;

  async increment(batch: CounterBatch): Promise<void> {
    await this.hold;
    if (this.down) throw new Error('down');
    this.batches.push(batch);
    if (batch.number !== this.#last) {
      for (const name of statNames) this.counts[name] += batch.counts[name] ?? 0;
      addApps(this.apps, batch.apps);
    }
    this.#last = batch.number;
    if (this.failsAfterTaking-- > 0) throw new Error('the answer got lost');
  }
  async read(): Promise<StatCounts> {
    if (this.down) throw new Error('down');
    return { ...this.counts };
  }
  async readByApp(): Promise<StatReading> {
    const counts = await this.read();
    this.readings++;
    // Kept as it was when it was asked for, however late it comes.
    const apps = sumOfApps(this.apps);
    await this.hold;
    return { counts, apps };
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

let table: Table;
let stats: WriteBehindStats;
let told: string[];

beforeEach(async () => {
  vi.useFakeTimers();
  table = new Table();
  told = [];
  const tell = (level: string, message: string) => void told.push(`${level}: ${message}`);
  stats = await openWriteBehindStats({ table, name: 'stat.engine x', tell });
});

afterEach(async () => {
  await stats.close();
  vi.useRealTimers();
});

const total = async () => (await stats.read()).total_count;

describe('counters that are written behind', () => {
  test('are written once a second, all together, and not when there are none', async () => {
    for (let i = 0; i < 100; i++) stats.add('total_count', 1);
    stats.add('ios_error', 1);
    expect(table.batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(table.batches).toEqual([{ number: 1, counts: { total_count: 100, ios_error: 1 }, apps: new Map() }]);
  });

  test('are never written more often than that by themselves, however slow the table and busy the relay', async () => {
    const gate = Promise.withResolvers<void>();
    table.hold = gate.promise;
    for (let i = 0; i < 30; i++) {
      stats.add('total_count', 1);
      await vi.advanceTimersByTimeAsync(100);
    }
    gate.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(table.batches.map(({ counts }) => counts.total_count)).toEqual([10]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(table.counts.total_count).toBe(30);
  });

  test('can be read while they are being written, none missing and none twice', async () => {
    const gate = Promise.withResolvers<void>();
    table.hold = gate.promise;
    stats.add('total_count', 1);
    const early = total();
    stats.add('total_count', 10);
    const late = total();
    gate.resolve();
    expect(await Promise.all([early, late])).toEqual([11, 11]);
  });

  test('show what other processes have written', async () => {
    table.counts.ios_success = 7;
    expect((await stats.read()).ios_success).toBe(7);
  });

  test('come again under the same number when nobody knows whether the table has them', async () => {
    table.failsAfterTaking = 2;
    stats.add('total_count', 5);
    expect(await total()).toBe(5);
    stats.add('total_count', 1);
    expect(await total()).toBe(6);
    await vi.advanceTimersByTimeAsync(3000);
    expect(table.batches.map(({ number, counts }) => [number, counts.total_count])).toEqual([
      [1, 5],
      [1, 5],
      [1, 5],
      [2, 1],
    ]);
    expect(table.counts.total_count).toBe(6);
  });

  test('only grow while the table comes and goes', async () => {
    let last = 0;
    for (let second = 0; second < 200; second++) {
      table.down = second % 7 < 3;
      table.failsAfterTaking = second % 11 === 0 ? 1 : 0;
      stats.add('total_count', second);
      const now = await total();
      expect(now).toBe(last + second);
      last = now;
      await vi.advanceTimersByTimeAsync(500);
    }
    table.down = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(table.counts.total_count).toBe(last);
  });

  test('tell of a table that is down once a minute, and when it is back', async () => {
    table.down = true;
    stats.add('total_count', 1);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(told).toHaveLength(2);
    table.down = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(told.at(-1)).toBe('warn: stat.engine x: counters are written again');
  });

  test('of apps are written with the totals, and read only when somebody asks for them', async () => {
    stats.add('total_count', 5);
    stats.add('total_count', 2, 'acme');
    stats.add('ios_success', 1, 'acme');
    await vi.advanceTimersByTimeAsync(3000);
    expect(table.batches).toEqual([
      {
        number: 1,
        counts: { total_count: 7, ios_success: 1 },
        apps: new Map([['acme', { total_count: 2, ios_success: 1 }]]),
      },
    ]);
    expect(table.readings).toBe(1);
    table.apps.set('beta', { ios_error: 3 });
    stats.add('total_count', 1, 'acme');
    expect(await stats.readByApp()).toEqual({
      counts: { ...noStats(), total_count: 8, ios_success: 1 },
      apps: new Map([
        ['acme', { total_count: 3, ios_success: 1 }],
        ['beta', { ios_error: 3 }],
      ]),
    });
    expect(table.readings).toBe(2);
  });

  test('of apps are complete while the table comes and goes, whoever else reads meanwhile', async () => {
    let last = 0;
    for (let second = 0; second < 100; second++) {
      table.down = second % 7 < 3;
      table.failsAfterTaking = second % 11 === 0 ? 1 : 0;
      stats.add('total_count', second, 'acme');
      const [a, , b] = await Promise.all([stats.readByApp(), stats.read(), stats.readByApp()]);
      last += second;
      expect([a, b].map(({ counts, apps }) => [counts.total_count, apps.get('acme')?.total_count])).toEqual([
        [last, last],
        [last, last],
      ]);
      await vi.advanceTimersByTimeAsync(500);
    }
    table.down = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect(table.apps.get('acme')).toEqual({ total_count: last });
  });

  test('are written at the end', async () => {
    stats.add('total_count', 1);
    await stats.close();
    expect([table.counts.total_count, table.closed]).toEqual([1, true]);
  });
});
