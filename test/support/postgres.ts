import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type RunningProgram, startProgram } from './start-program.ts';
import { until } from './until.ts';

/** A PostgreSQL of its own, empty, on loopback; without fsync, so no power cut may happen to it. */
export interface RunningPostgres extends RunningProgram {
  /** Makes a database and gives its URL. */
  database(): Promise<string>;
}

const ACCOUNT = 'postgres';

const programs = (): string =>
  globSync('/usr/lib/postgresql/*/bin')
    .toSorted()
    .findLast((folder) => existsSync(join(folder, 'initdb'))) ?? '';

/** PostgreSQL refuses to run as root: its package brings an account for it. */
const asAccount = (): string[] =>
  process.getuid?.() === 0 ? ['setpriv', `--reuid=${ACCOUNT}`, `--regid=${ACCOUNT}`, '--clear-groups'] : [];

function makeCluster(folder: string): string {
  const data = join(folder, 'data');
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, ACCOUNT])));
  if (process.getuid?.() === 0) chownSync(folder, uid as number, gid as number);
  const settings = ['-D', data, '-U', ACCOUNT, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  const [program, ...args] = [...asAccount(), join(programs(), 'initdb'), ...settings] as [string, ...string[]];
  execFileSync(program, args, { cwd: folder, stdio: 'pipe' });
  return data;
}

export async function startPostgres(): Promise<RunningPostgres> {
  const [program, ...before] = [...asAccount(), join(programs(), 'postgres')];
  const server = await startProgram(program as string, (port, folder) => [
    ...before,
    ...['-D', makeCluster(folder), '-h', '127.0.0.1', '-p', String(port), '-k', ''],
    ...['-c', 'fsync=off', '-c', 'max_connections=60', '-c', 'shared_buffers=32MB'],
  ]);
  let count = 0;
  return Object.assign(Object.create(server) as RunningProgram, {
    // SIGTERM would wait for clients that are connected.
    stop: (signal: NodeJS.Signals = 'SIGINT') => server.stop(signal),
    start: () => server.start(),
    output: () => server.output(),
    signal: (signal: NodeJS.Signals) => server.signal(signal),
    signalAll: (signal: NodeJS.Signals) => server.signalAll(signal),
    async end() {
      server.signalAll('SIGCONT');
      await server.stop('SIGQUIT');
      await server.end();
    },
    async database() {
      const name = `hub_${++count}`;
      await until(() => execute(server.port, `CREATE DATABASE ${name}`), 'PostgreSQL takes a statement');
      return `postgres://${ACCOUNT}@${server.addr}/${name}`;
    },
  });
}

/** What a PgBouncer does not hand on, as docs/hub.md says. */
const NOT_HANDED_ON = 'options, statement_timeout, idle_in_transaction_session_timeout';

/** A PgBouncer in front of it, in which a connection is another one for each transaction. */
export function startPgBouncer(
  server: Pick<RunningPostgres, 'port'>,
  ignored = NOT_HANDED_ON,
): Promise<RunningProgram> {
  const [program, ...before] = [...asAccount(), 'pgbouncer'];
  return startProgram(program as string, (port, folder) => {
    const path = join(folder, 'pgbouncer.ini');
    const settings = [
      ...['[databases]', `* = host=127.0.0.1 port=${server.port} user=${ACCOUNT}`],
      ...['[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'auth_type = any'],
      ...['pool_mode = transaction', `ignore_startup_parameters = ${ignored}`],
    ];
    writeFileSync(path, `${settings.join('\n')}\n`);
    chmodSync(folder, 0o755);
    return [...before, path];
  });
}

async function execute(port: number, statement: string): Promise<boolean> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: ACCOUNT, database: 'postgres' });
  try {
    await client.connect();
    await client.query(statement);
    return true;
  } catch (error) {
    // It is starting, or another statement copies the template just now.
    if (['57P03', '55006'].includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
