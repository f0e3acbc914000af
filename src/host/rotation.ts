import { readFileSync } from 'node:fs';
import type { App } from '../apps/app.ts';
import type { AppRegistry } from '../apps/app-registry.ts';
import { fileApps } from '../apps/file-apps.ts';
import type { AppLanes } from '../apps/lanes/app-lanes.ts';
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
  /** Reads the configuration and its credentials anew. @throws ConfigError that tells every mistake */
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

export interface Rotation {
  /** Looks at once, for SIGHUP. */
  reload(): void;
  close(): void;
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

/**
 * Takes over changed credentials, provider sections and apps while the process runs: when one of the files changes, and on
 * demand. All of the configuration is read and checked first; with a mistake in it everything stays as it is, which is told.
 * Pushes under way end on the connections that they began on.
 */
export function watchCredentials(options: RotationOptions): Rotation {
  const { load, apps, lanes, log, watchMs = WATCH_MS } = options;
  // A file that is gone or empty is being replaced: taken at its word it would switch off everything.
  const usual = troubleOf(options.file);
  let current = options.config;
  let known = sending(current, options);
  let files: string[] = [];
  let watch: FileWatch | undefined;
  /** Why the last one was not taken over. */
  let told: string | undefined;

  const look = (): void => {
    const wanted = filesOf(current, options);
    if (watch && wanted.join('\0') === files.join('\0')) return;
    watch?.close();
    files = wanted;
    watch = watchFiles(files, Math.max(watchMs, files.length * MS_FOR_EACH_FILE), reload);
  };

  /** The apps of the file, each only when it is another than before. */
  const takeApps = (next: Config): { changed: number; gone: string[] } => {
    const listed = fileApps(next, apps.providers);
    const names = new Set(listed.map(({ name }) => name));
    const gone = [...apps].filter(({ origin, name }) => origin === 'file' && !names.has(name)).map(({ name }) => name);
    for (const name of gone) {
      const hidden = options.stored?.(name);
      if (hidden) apps.set(hidden);
      else apps.delete(name);
    }
    const others = listed.filter(({ name, version }) => {
      const before = apps.get(name);
      return before?.origin !== 'file' || before.version !== version;
    });
    for (const app of others) apps.set(app);
    return { changed: others.length, gone };
  };

  /** False: it cannot be taken over now. */
  const reload = (): boolean => {
    let next: Config;
    try {
      const trouble = troubleOf(options.file);
      if (trouble !== undefined && usual === undefined) throw new ConfigError(options.file ?? '', trouble);
      next = load();
      told = undefined;
    } catch (error) {
      const { message } = toError(error);
      if (message !== told)
        log.error(`the changed configuration is not taken over: ${message}; what was read before stays`);
      told = message;
      return false;
    }
    const seen = sending(next, options);
    if (seen !== known && !lanes.reconfigure(next)) return false;
    const isNew = seen !== known;
    known = seen;
    const { changed, gone } = takeApps(next);
    const waiting = waitingForRestart(current, next, apps.providers);
    current = next;
    look();
    if (isNew) log.info('changed provider sections and credentials of the default app are in use');
    if (changed > 0) log.info(`${changed} apps of the configuration changed and are in use`);
    if (gone.length > 0) log.warn(`apps no longer in the configuration: ${named(gone)}`);
    if (isNew || changed > 0 || gone.length > 0) options.onChange?.();
    if (waiting.length > 0) log.warn(`changes of ${waiting.join(', ')} count after a restart`);
    return true;
  };

  look();
  const reloadNow = (): void => {
    told = undefined;
    reload();
  };
  return { reload: reloadNow, close: () => watch?.close() };
}
