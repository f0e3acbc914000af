import type { LoadedConfig } from '../host/config/load.ts';
import { credentialExpiries } from '../host/open-metrics.ts';
import { Rotation } from '../host/rotation.ts';
import type { SandboxMode } from '../host/sandbox/sandbox-mode.ts';
import { type RunningServer, startServer } from '../host/server.ts';
import { toError } from '../kit/errors.ts';
import { GORUSH_VERSION } from '../kit/http/answer.ts';
import { watchExpiries } from '../observe/log/expiry-warnings.ts';
import type { Log } from '../observe/log/log.ts';
import type { Commands } from './command.ts';
import { type CliContext, readConfig } from './context.ts';
import { endOnSignals } from './end-on-signals.ts';
import type { PrimaryLink } from './primary-link.ts';
import { placeLines } from './start-lines.ts';

/** Serves in this process, alone or as a worker of a primary. */
export async function serveHere(
  command: Commands['serve'],
  loaded: LoadedConfig,
  log: Log,
  context: CliContext,
): Promise<void> {
  const { version, env, isWorker } = context;
  const closers = new AsyncDisposableStack();
  closers.defer(() => {
    log.info('stopped');
    log.close();
  });
  const link = isWorker ? await linkOf(log, context) : undefined;
  closers.defer(() => link?.close());
  const sandbox = await sandboxOf(loaded.config, log);
  closers.defer(() => sandbox?.close());
  const config = sandbox?.config ?? loaded.config;
  const server = await startServer({
    ...{ config, version, log, env, proxyEnv: env, otlpEndpoint: otlpEndpoint(env) },
    masterKey: env.MARTLET_MASTER_KEY,
    ...sandbox?.parts,
    ...link?.shared,
  });
  closers.defer(() => server.close());
  const load = (): LoadedConfig['config'] => {
    const { config: changed } = readConfig(command, 'serve', context);
    return sandbox ? sandbox.over(changed) : changed;
  };
  const rotation = watchCredentials(server, { ...loaded, config }, { load, env, log }, closers);
  const reload = (): void => {
    server.reload();
    rotation.reload();
  };
  const close = (): Promise<void> => closers.disposeAsync();
  // Before anything says that this process serves: a signal that comes right then has its meaning.
  endOnSignals(context, log, { close, reload });
  sayWhere(server, { config, version, log });
  if (sandbox && server.url)
    sandbox.greet(server.url, { person: await sampleOf(server, log), command: context.command });
  link?.serves({ relay: server.relay, url: server.url, reload, close });
}

async function linkOf(log: Log, context: CliContext): Promise<PrimaryLink> {
  const { PrimaryLink } = await import('./primary-link.ts');
  return new PrimaryLink({ reopenLog: () => log.reopen(), exit: () => context.exit(0) });
}

/** Loaded only where it is on. */
async function sandboxOf(config: LoadedConfig['config'], log: Log): Promise<SandboxMode | undefined> {
  if (!config.sandbox.enabled) return undefined;
  const { openSandbox } = await import('../host/sandbox/sandbox-mode.ts');
  return openSandbox(config, log);
}

/** The person whom the sandbox has; undefined: there is none, or no hub. */
async function sampleOf({ hub }: RunningServer, log: Log): Promise<string | undefined> {
  if (!hub) return undefined;
  const { haveSamplePerson, SAMPLE_PERSON } = await import('../host/sandbox/sample-person.ts');
  try {
    return (await haveSamplePerson(hub)) ? SAMPLE_PERSON : undefined;
  } catch (error) {
    log.warn(`hub: the sample person could not be made: ${toError(error).message}`);
    return undefined;
  }
}

/** OpenTelemetry's own names; the one for traces alone is a whole URL. */
function otlpEndpoint(env: CliContext['env']): string | undefined {
  if (env.OTEL_SDK_DISABLED === 'true') return undefined;
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
}

function sayWhere(server: RunningServer, { config, version, log }: ServedAs): void {
  const { url, adminUrl } = server;
  log.info(`martlet ${version} (Gorush ${GORUSH_VERSION}) serves ${url ?? 'no HTTP (core.enabled: false)'}`);
  if (adminUrl) log.info(`metrics, counters and administration are at ${adminUrl}`);
  for (const line of placeLines(config, server)) log.info(line);
}

interface ServedAs {
  readonly config: LoadedConfig['config'];
  readonly version: string;
  readonly log: Log;
}

/** Follows changed credentials, and warns of those that are about to end. */
function watchCredentials(
  { relay }: RunningServer,
  { config, file }: Pick<LoadedConfig, 'config' | 'file'>,
  {
    load,
    env,
    log,
  }: { readonly load: () => LoadedConfig['config']; readonly env: CliContext['env']; readonly log: Log },
  closers: AsyncDisposableStack,
): Rotation {
  const { apps, lanes, storedApps } = relay;
  const expiries = watchExpiries({ expiries: () => credentialExpiries(relay), log });
  closers.defer(() => expiries.close());
  const rotation = new Rotation({
    ...{ config, load, file, env, apps, lanes, log },
    stored: (name) => storedApps.sync?.app(name),
    onChange: () => expiries.look(),
  });
  closers.defer(() => rotation.close());
  return rotation;
}
