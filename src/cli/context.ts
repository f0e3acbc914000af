import { type LoadedConfig, loadConfig } from '../host/config/load.ts';
import { createLog, type Log } from '../observe/log/log.ts';
import type { WithConfig } from './config-flags.ts';

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR2';

/** The process, as far as commands need it. main.ts alone touches the real one. */
export interface CliContext {
  /** Martlet's own version. */
  readonly version: string;
  /** What to type for `martlet` from this folder. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly home: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Started by a primary, with `core.processes`. */
  readonly isWorker: boolean;
  /** Prints a line on stdout. */
  readonly say: (line: string) => void;
  readonly onSignal: (signal: Signal, listener: () => void) => void;
  /** The primary of a worker is gone. */
  readonly onDisconnect: (listener: () => void) => void;
  /** An error that nothing has handled. */
  readonly onUncaught: (listener: (thrown: unknown) => void) => void;
  readonly onExit: (listener: () => void) => void;
  readonly exit: (code: number) => never;
}

/**
 * The configuration of a command.
 * @param purpose decides which mistakes matter: `serve`, `ping` (nothing is sent), or the platform of one push
 * @throws ConfigError that lists every mistake
 */
export const readConfig = ({ path, flags }: WithConfig, purpose: string, context: CliContext): LoadedConfig =>
  loadConfig({ path, flags, purpose, env: context.env, cwd: context.cwd, home: context.home, tryCredentials: true });

export function openLog({ config }: Pick<LoadedConfig, 'config'>, { stdout, stderr }: CliContext): Log {
  return createLog(config.log, { stdout, stderr, isTTY: stdout.isTTY });
}
