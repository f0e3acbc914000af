import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStats } from '../../../src/observe/stats/create-stats.ts';
import { noStats, type StatCounts, type StatStore } from '../../../src/observe/stats/stats.ts';
import { buildConfig, type FullConfig as Config } from '../../support/config.ts';
import { until } from '../../support/until.ts';

const { stat } = buildConfig(({ leaf }) => leaf.default);
const counts = (some: Partial<StatCounts>): StatCounts => ({ ...noStats(), ...some });

let dir: string;
let told: string[];
let open: StatStore[];
const tell = (level: string, message: string) => void told.push(`${level}: ${message}`);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'martlet-stats-'));
  told = [];
  open = [];
});

afterEach(async () => {
  for (const store of open) await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function stats(config: Partial<Config['stat']>): Promise<StatStore> {
  const store = await createStats({ ...stat, ...config }, tell);
  open.push(store);
  return store;
}

const sqlite = (path = join(dir, 'stat.db')) => stats({ engine: 'sqlite', sqlite: { path } });

const at = (path: string) => ({ path: join(dir, path) });
const engines: readonly [string, () => Partial<Config['stat']>, string][] = [
  ['sqlite', () => ({ sqlite: at('s/new/stat.db') }), 's/new/stat.db'],
  ['boltdb', () => ({ boltdb: { ...at('bolt.db'), bucket: 'gorush' } }), 'bolt.db'],
  ['buntdb', () => ({ buntdb: at('bunt.db') }), 'bunt.db'],
  ['leveldb', () => ({ leveldb: at('level.db') }), 'level.db'],
  ['badger', () => ({ badgerdb: at('badger.db') }), 'badger.db'],
];

describe.each(engines)('counters of stat.engine %s', (name, section, file) => {
  test('survive the process in one SQLite file at the path of that engine', async () => {
    const config = { engine: name as Config['stat']['engine'], ...section() };
    const path = join(dir, file);
    const first = await stats(config);
    first.add('ios_success', 2);
    first.add('ios_success', 1);
    first.add('total_count', 5);
    expect(await first.read()).toEqual(counts({ ios_success: 3, total_count: 5 }));
    await first.close();
    const second = await stats(config);
    second.add('total_count', 1);
    expect(await second.read()).toEqual(counts({ ios_success: 3, total_count: 6 }));
    expect(readFileSync(path).subarray(0, 15).toString()).toBe('SQLite format 3');
    expect(told[0]).toBe(`info: stat.engine ${name}: counters are kept in ${path} (SQLite)`);
  });
});

describe('counters in an SQLite file', () => {
  test('of several processes add up', async () => {
    const [one, two] = [await sqlite(), await sqlite()];
    for (let i = 0; i < 10; i++) {
      one.add('android_error', 1);
      two.add('android_error', 2);
      await Promise.all([one.read(), two.read()]);
    }
    await two.close();
    expect(await one.read()).toEqual(counts({ android_error: 30 }));
  });

  test('of several buckets are apart', async () => {
    const bucket = (name: string) => stats({ engine: 'boltdb', boltdb: { ...at('bolt.db'), bucket: name } });
    const [one, two] = [await bucket('one'), await bucket('two')];
    one.add('total_count', 1);
    two.add('total_count', 2);
    expect([(await one.read()).total_count, (await two.read()).total_count]).toEqual([1, 2]);
  });

  test('are beside a file of the real engine, which stays as it is', async () => {
    const real = '*3\r\n$3\r\nset\r\n$18\r\ngorush-total-count\r\n$1\r\n5\r\n';
    writeFileSync(join(dir, 'bunt.db'), real);
    const store = await stats({ engine: 'buntdb', buntdb: at('bunt.db') });
    store.add('total_count', 1);
    await store.close();
    expect(readFileSync(join(dir, 'bunt.db'), 'utf8')).toBe(real);
    expect(readdirSync(dir).sort()).toEqual(['bunt.db', 'bunt.db.martlet.sqlite']);
    expect(told).toEqual([
      expect.stringMatching(/bunt\.db\.martlet\.sqlite \(SQLite\); .*bunt\.db is not SQLite and is left as it is$/),
    ]);
  });

  test('are inside a folder of the real engine, whose files stay as they are', async () => {
    mkdirSync(join(dir, 'level.db'));
    writeFileSync(join(dir, 'level.db', 'CURRENT'), 'MANIFEST-000001\n');
    const store = await stats({ engine: 'leveldb', leveldb: at('level.db') });
    store.add('total_count', 1);
    await store.close();
    expect(readdirSync(join(dir, 'level.db')).sort()).toEqual(['CURRENT', 'martlet.sqlite']);
  });

  test('begin anew, with a word to the operator, when the file is damaged', async () => {
    const path = join(dir, 'stat.db');
    const first = await sqlite();
    first.add('total_count', 9);
    await first.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 100));
    const store = await sqlite();
    store.add('total_count', 1);
    expect(await store.read()).toEqual(counts({ total_count: 1 }));
    expect(told.at(-1)).toMatch(/^error: the counters in .*stat\.db cannot be read; the file was moved to .*damaged-/);
  });

  test('refuse a database of something else, and leave it as it was', async () => {
    const path = join(dir, 'stat.db');
    const other = new DatabaseSync(path);
    other.exec('PRAGMA application_id = 1234; CREATE TABLE counters (bucket TEXT, name TEXT, count INTEGER)');
    other.close();
    const before = readFileSync(path);
    await expect(sqlite()).rejects.toThrow(`stat.sqlite.path: ${path} is the database of another program`);
    expect(readFileSync(path)).toEqual(before);
  });

  test('name the setting when the file cannot be written', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(sqlite(join(dir, 'file', 'stat.db'))).rejects.toThrow(/^stat\.sqlite\.path: storage error: /);
  });

  test('wait while another program holds the file, and are written afterwards', async () => {
    const store = await sqlite();
    const other = new DatabaseSync(join(dir, 'stat.db'));
    other.exec('BEGIN IMMEDIATE');
    store.add('total_count', 3);
    expect(await store.read()).toEqual(counts({ total_count: 3 }));
    expect(told.at(-1)).toContain('counters cannot be written, they wait in memory: database is locked');
    other.exec('COMMIT');
    const written = other.prepare('SELECT count FROM counters');
    await until(() => written.get()?.count === 3);
    other.close();
    expect(await store.read()).toEqual(counts({ total_count: 3 }));
  });

  const counting = `
    import { createStats } from ${JSON.stringify(new URL('../../../src/observe/stats/create-stats.ts', import.meta.url).href)};
    const store = await createStats({ engine: 'sqlite', sqlite: { path: process.argv[1] } }, () => {});
    let total = 0;
    setInterval(() => {
      store.add('total_count', 1);
      process.stdout.write(\`\${++total}\n\`);
    }, 5);`;

  /** Resolves with the last count that the process printed. */
  async function killedWhileCounting(path: string, isTime: () => boolean): Promise<number> {
    const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', counting, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout?.on('data', (chunk) => {
      printed += chunk;
    });
    const ended = once(child, 'close');
    await until(isTime);
    child.kill('SIGKILL');
    await ended;
    return Number(printed.trimEnd().split('\n').at(-1));
  }

  test('what was written survives kill -9 in the middle of counting', async () => {
    const path = join(dir, 'stat.db');
    await (await sqlite(path)).close();
    const other = new DatabaseSync(path, { readOnly: true });
    const sum = other.prepare('SELECT sum(count) AS sum FROM counters');
    const written = (): number => Number(sum.get()?.sum ?? 0);
    let first = 0;
    const printed = await killedWhileCounting(path, () => {
      first ||= written();
      return first > 0 && written() > first;
    });
    const { total_count } = await (await sqlite(path)).read();
    expect(total_count).toBe(written());
    expect(total_count).toBeGreaterThan(first);
    expect(total_count).toBeLessThanOrEqual(printed + 1);
    other.close();
  });
});
