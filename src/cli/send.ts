import { openRelay } from '../host/open-relay.ts';
import { openSandbox } from '../host/sandbox-mode.ts';
import { toMs } from '../kit/seconds.ts';
import { trustSystemAuthorities } from '../outbound/system-authorities.ts';
import { builtIn, type FullConfig } from '../providers/registry.ts';
import type { Commands, Ran } from './command.ts';
import { type CliContext, openLog, readConfig } from './context.ts';
import { sendMistake } from './send-line.ts';
import { sendOne } from './send-one.ts';

/** A relay for one push: nothing is left behind, and the flags say whose credential it is; an app that has the topic does not. */
const oneShot = (config: FullConfig): FullConfig => ({
  ...config,
  queue: { ...config.queue, engine: 'local', local: { ...config.queue.local, path: '' } },
  history: { ...config.history, enabled: false },
  receipts: { ...config.receipts, path: '' },
  apps: { ...config.apps, named: {}, path: '', redis: '' },
});

/** `--ios`, `--android`, `send --web`, …: sends one push and ends. */
export async function send(command: Commands['send'], context: CliContext): Promise<Ran> {
  trustSystemAuthorities();
  const { config } = readConfig(command, command.platform, context);
  const mistake = sendMistake(command, builtIn);
  if (mistake) throw new Error(mistake);
  const log = openLog({ config }, context);
  const { version, env } = context;
  await using closers = new AsyncDisposableStack();
  closers.defer(() => log.close());
  const sandbox = await openSandbox(config, log);
  closers.defer(() => sandbox?.close());
  const relay = await openRelay(
    { config: oneShot(sandbox?.config ?? config), version, log, env, proxyEnv: env, ...sandbox?.parts },
    closers,
  );
  const isDelivered = await sendOne(relay.accept, command.notification, context.say);
  await relay.drain(toMs(config.core.shutdown_timeout));
  return isDelivered ? 0 : 1;
}
