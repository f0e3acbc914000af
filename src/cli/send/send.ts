import { openRelay } from '../../host/open-relay.ts';
import { openSandbox } from '../../host/sandbox/sandbox-mode.ts';
import { toMs } from '../../kit/seconds.ts';
import { trustSystemAuthorities } from '../../outbound/system-authorities.ts';
import { builtIn, type FullConfig } from '../../providers/registry.ts';
import type { Accept } from '../../relay/accept.ts';
import type { Commands, Ran } from '../command.ts';
import { type CliContext, openLog, readConfig } from '../context.ts';
import { openLinesOut } from '../json-lines-out.ts';
import { openProgress } from './progress.ts';
import { sendMistake } from './send-line.ts';
import { MOST_AT_ONCE, sendMany } from './send-many.ts';
import { sendOne } from './send-one.ts';
import { openTokenFile } from './token-file.ts';

/** A relay for these pushes: nothing is left behind, and the flags say whose credential it is; an app that has the topic does not. */
const oneShot = (config: FullConfig): FullConfig => ({
  ...config,
  core: { ...config.core, queue_num: Math.max(config.core.queue_num, MOST_AT_ONCE) },
  queue: { ...config.queue, engine: 'local', local: { ...config.queue.local, path: '' } },
  history: { ...config.history, enabled: false },
  receipts: { ...config.receipts, path: '' },
  apps: { ...config.apps, named: {}, path: '', redis: '' },
});

/** Results are for stdout, and say of each failure what a log line would. */
const quiet = (config: FullConfig): FullConfig => ({
  ...config,
  log: { ...config.log, access_level: 'fatal', error_level: 'fatal' },
});

interface Sending {
  readonly isSandbox: boolean;
  readonly accept: Accept;
  readonly context: CliContext;
}

/** `--ios`, `--android`, `send --web`, …: sends one push, or one to each target of a file, and ends. */
export async function send(command: Commands['send'], context: CliContext): Promise<Ran> {
  trustSystemAuthorities();
  const { tokens } = command;
  const { config: given } = readConfig(command, command.platform, context);
  const config = tokens === undefined ? given : quiet(given);
  const mistake = tokens === undefined ? sendMistake(command, builtIn) : undefined;
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
  const sending = { isSandbox: sandbox !== undefined, accept: relay.accept, context };
  const isDelivered =
    tokens === undefined
      ? await sendOne(relay.accept, command.notification, context.say)
      : await sendFile(command, tokens, sending);
  await relay.drain(toMs(config.core.shutdown_timeout));
  return isDelivered ? 0 : 1;
}

async function sendFile(
  { platform, notification }: Commands['send'],
  path: string,
  { isSandbox, accept, context }: Sending,
): Promise<boolean> {
  const { stdout, stderr } = context;
  const shown = builtIn.ofPlatform(platform)?.requests.shown;
  await using out = await openLinesOut(undefined, stdout);
  const { delivered, failed } = await sendMany({
    ...{ accept, notification, out, progress: openProgress(stderr) },
    file: await openTokenFile(path),
    shown: (target) => shown?.(target, 'token') ?? target,
  });
  const where = isSandbox ? 'simulated providers (sandbox.enabled)' : 'the provider';
  stderr.write(`${delivered.toLocaleString('en')} delivered to ${where}, ${failed.toLocaleString('en')} failed\n`);
  return failed === 0;
}
