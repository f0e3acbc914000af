/**
 * Takes over changed credentials, provider sections and apps while the process runs: when one of the files changes, and on
 * demand. It costs a look at each file every three seconds.
 *
 * A change goes through four steps, and stops at the first that fails; then everything stays as it is, and the log says why:
 * the whole configuration is read and checked → the lanes of the default app get its sections (all or none) → the apps of the
 * file are taken into the registry, whose listeners change their lanes → the files that are named now are watched. Pushes under
 * way end on the connections that they began on.
 */
import { readFileSync } from 'node:fs';
import type { App } from '../apps/app.ts';
import type { AppRegistry } from '../apps/app-registry.ts';
import { fileApps } from '../apps/file-apps.ts';
import type { AppLanes } from '../apps/lanes/app-lanes.ts';
import { type TakenApps, takeFileApps } from '../apps/take-file-apps.ts';
import type { ProviderEnvironment } from '../carrier/provider-row.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError, toError } from '../kit/errors.ts';
import { fileTrouble } from '../kit/files/file-trouble.ts';
import { type FileWatch, watchFiles } from '../kit/files/watch-files.ts';
import type { Log } from '../observe/log/log.ts';
import { contentsOf, credentialFiles } from '../providers/credential-files.ts';
import type { ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';

export interface RotationOptions {
  /** The configuration in use. */
  readonly config: Config;
  /** Reads the configuration and its credentials again. @throws ConfigError that lists every mistake */
  readonly load: () => Config;
  /** The file of the configuration; undefined without one. */
  readonly file: string | undefined;
  /** Variables that name files of credentials, as Google's libraries read them. */
  readonly env: ProviderEnvironment;
  readonly apps: AppRegistry;
  /** The app of this name that was made at run time, which that of the file hides. Default: there are none. */
  readonly stored?: (name: string) => App | undefined;
  readonly lanes: Pick<AppLanes, 'reconfigure'>;
  /** Something was taken over. */
  readonly onChange?: () => void;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Milliseconds between two looks at the files; default 3,000, and more for many files. */
  readonly watchMs?: number;
}

const WATCH_MS = 3000;
/** A look at a file takes some microseconds, on a network mount more, and the event loop waits for all of them. */
const MS_FOR_EACH_FILE = 20;

const MOST_NAMES = 10;

/** What a running process takes over, as text that differs when it does; credentials by their content. */
const sending = (config: Config, { env, apps: { providers } }: RotationOptions): string =>
  JSON.stringify([sectionsOf(config, providers), contentsOf(credentialFiles(config, env, providers))]);

const filesOf = (config: Config, { file, env, apps: { providers } }: RotationOptions): string[] => [
  ...new Set([
    ...(file ? [file] : []),
    ...credentialFiles(config, env, providers),
    ...Object.values(config.apps.named).flatMap((settings) => credentialFiles(settings, {}, providers)),
  ]),
];

/** Sections, and keys of `apps`, of which a change only counts after a restart. */
function waitingForRestart(before: Config, after: Config, { platforms }: ProviderTable): string[] {
  const taken = [...platforms, 'apps'];
  const differing = <T extends object>(a: T, b: T): string[] =>
    Object.keys(b).filter((name) => JSON.stringify(a[name as keyof T]) !== JSON.stringify(b[name as keyof T]));
  const sections = differing(before, after).filter((name) => !taken.includes(name));
  const ofApps = differing(before.apps, after.apps).filter((name) => name !== 'named');
  return [...sections, ...ofApps.map((name) => `apps.${name}`)];
}

/** Why a file cannot be read; undefined when it can, and without one. */
function troubleOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim() === '' ? 'is empty' : undefined;
  } catch (error) {
    return fileTrouble(error);
  }
}

const named = (names: readonly string[]): string =>
  names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '');

export class Rotation {
  readonly #options: RotationOptions;
  /** A file that is gone or empty is being replaced: taken at its word it would switch off everything. */
  readonly #needsFile: boolean;
  /** What is in use: the configuration, and what of it is sent with. */
  #config: Config;
  #sending: string;
  #files: readonly string[] = [];
  #watch: FileWatch | undefined;
  /** The mistake that was logged last: the files are read again and again while it lasts. */
  #mistake: string | undefined;

  /** Begins to watch. */
  constructor(options: RotationOptions) {
    this.#options = options;
    this.#needsFile = options.file !== undefined && troubleOf(options.file) === undefined;
    this.#config = options.config;
    this.#sending = sending(options.config, options);
    this.#watchFiles();
  }

  /** Looks at once, for SIGHUP. */
  reload(): void {
    this.#mistake = undefined;
    this.#take();
  }

  close(): void {
    this.#watch?.close();
  }

  /** False: what the files say now cannot be taken over, or not yet. */
  #take(): boolean {
    const { log, apps, lanes, stored = () => undefined } = this.#options;
    const next = this.#load();
    if (!next) return false;
    const seen = sending(next, this.#options);
    const isNew = seen !== this.#sending;
    if (isNew && !lanes.reconfigure(next)) return false;
    const taken = takeFileApps(apps, fileApps(next, apps.providers), stored);
    const waiting = waitingForRestart(this.#config, next, apps.providers);
    this.#config = next;
    this.#sending = seen;
    this.#watchFiles();
    this.#report(isNew, taken);
    if (waiting.length > 0) log.warn(`changes of ${waiting.join(', ')} count after a restart`);
    return true;
  }

  /** The configuration as it is on the disk; undefined when there is a mistake in it, which is logged once. */
  #load(): Config | undefined {
    const { file = '', load, log } = this.#options;
    try {
      const trouble = this.#needsFile ? troubleOf(file) : undefined;
      if (trouble !== undefined) throw new ConfigError(file, trouble);
      const next = load();
      this.#mistake = undefined;
      return next;
    } catch (error) {
      const { message } = toError(error);
      if (message !== this.#mistake)
        log.error(`the changed configuration is not taken over: ${message}; what was read before stays`);
      this.#mistake = message;
      return undefined;
    }
  }

  #watchFiles(): void {
    const { watchMs = WATCH_MS } = this.#options;
    const wanted = filesOf(this.#config, this.#options);
    if (this.#watch && wanted.join('\0') === this.#files.join('\0')) return;
    this.#watch?.close();
    this.#files = wanted;
    this.#watch = watchFiles(wanted, Math.max(watchMs, wanted.length * MS_FOR_EACH_FILE), () => this.#take());
  }

  #report(isNew: boolean, { changed, gone }: TakenApps): void {
    const { log, onChange } = this.#options;
    if (isNew) log.info('changed provider sections and credentials of the default app are in use');
    if (changed > 0) log.info(`${changed} apps of the configuration changed and are in use`);
    if (gone.length > 0) log.warn(`apps no longer in the configuration: ${named(gone)}`);
    if (isNew || changed > 0 || gone.length > 0) onChange?.();
  }
}
