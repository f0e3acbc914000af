import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus with our own scrape and alerts, that looks every second. */
export interface RunningPrometheus extends AsyncDisposable {
  /**
   * @param at seconds since the epoch; now without it. A scrape that fails makes each series stale from then on,
   *   so what must be seen together is asked of one moment.
   * @throws Error with Prometheus' own words when it does not understand the query
   */
  query(expr: string, at?: number): Promise<Series[]>;
  /** One of its other answers, `/api/v1/…`. */
  get(path: string): Promise<unknown>;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: unknown;
}

async function ask(url: string): Promise<unknown> {
  const { status, error, data } = (await (await fetch(url)).json()) as Answer;
  if (status !== 'success') throw new Error(`${url}: ${error}`);
  return data;
}

interface Vector {
  readonly resultType: string;
  readonly result: readonly { readonly metric: Series['metric']; readonly value: readonly [number, string] }[];
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

/** @param target `host:port` of a relay */
export async function startPrometheus(target: string): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-prometheus-'));
  cpSync(FOLDER, folder, { recursive: true });
  const config = readFileSync(join(FOLDER, 'prometheus.yml'), 'utf8')
    .replaceAll('15s', '1s')
    .replace('localhost:8088', target);
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--enable-feature=exemplar-storage',
  ];
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}: ${said}`);
    const ready = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    if (ready?.ok) break;
    await sleep(50);
  }
  return {
    async query(expr, at = Date.now() / 1000) {
      const query = new URLSearchParams({ query: expr, time: String(at) });
      const { result } = (await ask(`http://${address}/api/v1/query?${query}`)) as Vector;
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    get: (path) => ask(`http://${address}${path}`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
