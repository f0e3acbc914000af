#!/usr/bin/env -S node --max-semi-space-size=8 --disable-sigusr1
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import process from 'node:process';
import { newKey } from './auth/new-key.ts';
import { openDoorWarning } from './auth/open-auth.ts';
import { checkConfig } from './cli/check-config.ts';
import { type Command, parseCommandLine, sendMistake } from './cli/command-line.ts';
import { ping } from './cli/ping.ts';
import { showQueue, verifyQueue } from './cli/queue-command.ts';
import { forkWorker, primaryChannel } from './host/cluster/node-cluster.ts';
import { ClusterPrimary } from './host/cluster/primary.ts';
import { noSnapshot } from './host/cluster/totals.ts';
import { joinCluster } from './host/cluster/worker.ts';
import { type LoadedConfig, loadConfig } from './host/config/load.ts';
import { createErrorNet } from './host/error-net.ts';
import type { RunningServer } from './host/server.ts';
import { background } from './kit/background.ts';
import { toError } from './kit/errors.ts';
import { writePidFile } from './kit/files/pid-file.ts';
import { GORUSH_VERSION } from './kit/http/answer.ts';
import { createLog, type Log } from './observe/log/log.ts';
import type { ProxyEnvironment } from './outbound/proxy.ts';
import { trustSystemAuthorities } from './outbound/system-authorities.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// Settings may come from the environment, keys among them; a report of a crash is often sent to others.
process.report.excludeEnv = true;

/**
 * Node opens its debugger on SIGUSR1, and a debugger reads all keys and runs any code. Where the process was started without
 * `--disable-sigusr1`, a listener takes the signal from Node.
 */
process.on('SIGUSR1', () => {});

type Configured = Command & { path: string | undefined };

const proxyEnv: ProxyEnvironment = process.env;
/** OpenTelemetry's own names; the one for traces alone is a whole URL. */
const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED } = process.env;
const otlpEndpoint =
  OTEL_SDK_DISABLED === 'true' ? undefined : OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || OTEL_EXPORTER_OTLP_ENDPOINT;

function load(command: Configured, purpose: string): LoadedConfig {
  return loadConfig({
    path: command.path,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    flags: 'flags' in command ? command.flags : {},
    purpose,
    tryCredentials: true,
  });
}

function openLog({ config }: Pick<LoadedConfig, 'config'>): Log {
  // Whatever read the log is gone (EPIPE): its lines are lost, and pushes go on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return createLog(config.log, { stdout: process.stdout, stderr: process.stderr, isTTY: process.stdout.isTTY });
}

function tellWarnings(log: Log, warnings: readonly string[]): void {
  for (const warning of warnings) log.warn(warning);
}

/** Ends the process on SIGTERM or SIGINT, in order; a second signal ends it at once, what is queued being on disk. */
function onSignals(close: () => Promise<void>, log: Log, reload = (): void => {}): void {
  let closing = false;
  const end = (signal: string): void => {
    if (closing) process.exit(1);
    closing = true;
    log.info(`${signal}: draining; a second signal ends the process at once`);
    background(
      close().then(() => process.exit(0)),
      (error) => {
        log.error(`the shutdown failed: ${error.message}`);
        log.flush();
        process.exit(1);
      },
    );
  };
  // A worker is told by its primary, which gets the signal as well; without a primary it has to end itself.
  if (cluster.isWorker) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});
    process.on('disconnect', () => end('the primary is gone'));
    return;
  }
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  process.on('SIGHUP', () => {
    log.reopen();
    reload();
  });
  // It restarts workers; without any, Node's default would end the process undrained.
  process.on('SIGUSR2', () => {});
}

// What only serving and sending need is loaded there: health checks of containers run `--ping` all the time.
async function serve(command: Configured & { kind: 'serve' }): Promise<void> {
  trustSystemAuthorities();
  const loaded = load(command, 'serve');
  const log = openLog(loaded);
  process.on('uncaughtException', createErrorNet({ log, end: () => process.exit(1) }));
  if (cluster.isPrimary) {
    const open = openDoorWarning(loaded.config);
    tellWarnings(log, [...command.warnings, ...loaded.warnings, ...(open ? [open] : [])]);
  }
  const { pid, processes } = loaded.config.core;
  if (cluster.isPrimary && pid.enabled) process.on('exit', writePidFile(pid.path, pid.override));
  if (cluster.isPrimary && processes !== 1) return serveWithWorkers(loaded, log);
  const [{ openSandbox }, { startServer }, { watchCredentials }, { watchExpiries }, { credentialExpiries }] =
    await Promise.all([
      import('./host/sandbox-mode.ts'),
      import('./host/server.ts'),
      import('./host/rotation.ts'),
      import('./observe/log/expiry-warnings.ts'),
      import('./host/open-metrics.ts'),
    ]);
  const sandbox = await openSandbox(loaded.config, log);
  const config = sandbox?.config ?? loaded.config;
  const link = cluster.isWorker ? joinPrimary(log) : undefined;
  const server = await startServer({
    config,
    version,
    log,
    env: process.env,
    proxyEnv,
    masterKey: process.env.MARTLET_MASTER_KEY,
    otlpEndpoint,
    ...(sandbox ? sandbox.parts : {}),
    ...(link ? { totals: link.totals, agreeOnToken: link.agree } : {}),
  });
  log.info(`martlet ${version} (Gorush ${GORUSH_VERSION}) serves ${server.url ?? 'no HTTP (core.enabled: false)'}`);
  if (server.adminUrl) log.info(`metrics, counters and administration are at ${server.adminUrl}`);
  if (sandbox && server.url) sandbox.greet(server.url);
  const expiries = watchExpiries({ expiries: () => credentialExpiries(server.relay), log });
  const rotation = watchCredentials({
    config,
    load() {
      const { config: changed } = load(command, 'serve');
      return sandbox ? sandbox.over(changed) : changed;
    },
    file: loaded.file,
    env: process.env,
    apps: server.relay.apps,
    stored: (name) => server.relay.storedApps.sync?.app(name),
    lanes: server.relay.lanes,
    onChange: () => expiries.look(),
    log,
  });
  const reload = (): void => {
    server.reload();
    rotation.reload();
  };
  const close = async (): Promise<void> => {
    rotation.close();
    expiries.close();
    await server.close();
    await sandbox?.close();
    await link?.close();
    log.info('stopped');
    log.close();
  };
  link?.serves({ ...server, reload }, close);
  onSignals(close, log, reload);
}

/** `core.processes`: this process only keeps the workers, which share the port. SIGUSR2 restarts them one at a time. */
async function serveWithWorkers({ config }: LoadedConfig, log: Log): Promise<void> {
  const workers = config.core.processes || availableParallelism();
  const primary = new ClusterPrimary({
    workers,
    fork: forkWorker,
    tell: (level, message) => log[level](message),
    onStillborn: () => process.exit(1),
  });
  onSignals(async () => {
    await primary.close();
    log.close();
  }, log);
  process.on('SIGHUP', () => primary.reopen());
  process.on('SIGUSR2', () => background(primary.restart()));
  const url = await primary.start();
  log.info(`${workers} workers serve ${url ?? 'no HTTP (core.enabled: false)'}`);
}

/** A worker's link to its primary. A signal to the whole group reaches workers, too; the primary says when to end. */
function joinPrimary(log: Log) {
  let server: RunningServer | undefined;
  let close = async (): Promise<void> => {};
  const end = (): void => background(close().finally(() => process.exit(0)));
  const link = joinCluster({
    channel: primaryChannel,
    snapshot: async () => (server ? server.relay.snapshot() : noSnapshot),
    stop: end,
    reopen() {
      log.reopen();
      server?.reload();
    },
  });
  return {
    totals: link.totals,
    agree: link.agree,
    close: link.close,
    serves(running: RunningServer, closing: () => Promise<void>): void {
      server = running;
      close = closing;
      link.ready(running.url);
    },
  };
}

async function send(command: Configured & { kind: 'send' }): Promise<void> {
  trustSystemAuthorities();
  const { config } = load(command, command.platform);
  const mistake = sendMistake(command);
  if (mistake) throw new Error(mistake);
  const log = openLog({ config });
  const [{ openSandbox }, { openRelay }, { sendOne }] = await Promise.all([
    import('./host/sandbox-mode.ts'),
    import('./host/open-relay.ts'),
    import('./cli/send-one.ts'),
  ]);
  const sandbox = await openSandbox(config, log);
  const own = sandbox?.config ?? config;
  const memory = {
    ...own,
    queue: { ...own.queue, engine: 'local' as const, local: { ...own.queue.local, path: '' } },
    history: { ...own.history, enabled: false },
    // The flags say whose credential it is; an app that has the topic does not.
    apps: { ...own.apps, named: {}, path: '', redis: '' },
  };
  const closers = new AsyncDisposableStack();
  closers.defer(() => sandbox?.close());
  const parts = sandbox ? sandbox.parts : {};
  const relay = await openRelay({ config: memory, version, log, env: process.env, proxyEnv, ...parts }, closers);
  const delivered = await sendOne(relay.accept, command.notification, (line) => process.stdout.write(`${line}\n`));
  await relay.drain(config.core.shutdown_timeout * 1000);
  await closers.disposeAsync();
  log.close();
  process.exitCode = delivered ? 0 : 1;
}

function inspectQueue(command: Configured & { kind: 'queue' }): boolean {
  const { queue } = command.file === undefined ? load(command, 'ping').config : { queue: undefined };
  const path = command.file ?? queue?.local.path ?? '';
  if (queue && (queue.engine !== 'local' || path === '')) {
    console.log(`the queue is ${queue.engine === 'local' ? 'in memory' : `at ${queue.engine}`}: there is no file`);
    return false;
  }
  return (command.verify ? verifyQueue : showQueue)({ path, family: queue !== undefined, say: console.log });
}

async function apps(command: Configured & { kind: 'apps' }): Promise<boolean> {
  const { appsCommand } = await import('./cli/apps-command.ts');
  const { readAuthorities } = await import('./outbound/outbound.ts');
  trustSystemAuthorities();
  const { config } = load(command, 'ping');
  const ca = readAuthorities(config.core.ca_path);
  return appsCommand(command.task, { config, masterKey: process.env.MARTLET_MASTER_KEY, ca, say: console.log });
}

async function run(command: Command): Promise<void> {
  switch (command.kind) {
    case 'serve':
      return serve(command);
    case 'send':
      return send(command);
    case 'ping':
      process.exitCode = (await ping(load(command, 'ping').config)) ? 0 : 1;
      return;
    case 'check':
      process.exitCode = (await checkConfig(() => load(command as Configured, 'serve'), {
        env: process.env,
        masterKey: process.env.MARTLET_MASTER_KEY,
        say: console.log,
      }))
        ? 0
        : 1;
      return;
    case 'queue':
      process.exitCode = inspectQueue(command) ? 0 : 1;
      return;
    case 'explain': {
      const { explain } = await import('./cli/explain-command.ts');
      const { config } = load(command, 'ping');
      process.exitCode = (await explain({ ...command, config, say: console.log })) ? 0 : 1;
      return;
    }
    case 'apps':
      process.exitCode = (await apps(command)) ? 0 : 1;
      return;
    case 'new-key':
      console.log(newKey(command.name));
      return;
    case 'vapid': {
      const { vapidCommand } = await import('./cli/vapid-command.ts');
      console.log(vapidCommand(command.json));
      return;
    }
    case 'version':
      console.log(`GoRush ${GORUSH_VERSION}, Commit: martlet ${version}`);
      return;
    case 'help':
      process.stdout.write(command.text);
      return;
    case 'usage-error':
      process.stderr.write(`${command.message}\n`);
      process.exitCode = 2;
  }
}

try {
  await run(parseCommandLine(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exit(1);
}
