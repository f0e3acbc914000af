import type { AppLanes } from './apps/app-lanes.ts';
import type { AppRegistry } from './apps/app-registry.ts';
import { contentsOf, credentialFiles } from './apps/credential-files.ts';
import { fileApps } from './apps/file-apps.ts';
import type { Config } from './config/schema.ts';
import { toError } from './errors.ts';
import type { Log } from './log.ts';
import { type FileWatch, watchFiles } from './tls/watch-files.ts';

export interface RotationOptions {
  /** The configuration in use. */
  readonly config: Config;
  /** Reads the configuration and its credentials anew. @throws ConfigError that tells every mistake */
  readonly load: () => Config;
  /** The file of the configuration; undefined without one. */
  readonly file: string | undefined;
  /** The file that GOOGLE_APPLICATION_CREDENTIALS names. */
  readonly google: string | undefined;
  readonly apps: AppRegistry;
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

const SENDING = ['ios', 'android', 'huawei', 'apps'] as const;

/** What a running process takes over, as text that differs when it does; credentials by their content. */
function sending({ ios, android, huawei }: Config, google: string | undefined): string {
  const files = credentialFiles({ ios, android }, google);
  return JSON.stringify([ios, android, huawei, contentsOf(files)]);
}

const filesOf = (config: Config, { file, google }: RotationOptions): string[] => [
  ...new Set([
    ...(file ? [file] : []),
    ...credentialFiles(config, google),
    ...Object.values(config.apps.named).flatMap((settings) => credentialFiles(settings)),
  ]),
];

/** Sections of which a change only counts after a restart. */
function waitingForRestart(before: Config, after: Config): string[] {
  const names = Object.keys(after) as (keyof Config)[];
  const others = names.filter((name) => !(SENDING as readonly string[]).includes(name));
  return others.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/**
 * Takes over changed credentials, provider sections and apps while the process runs: when one of the files changes, and on
 * demand. All of the configuration is read and checked first; with a mistake in it everything stays as it is, which is told.
 * Pushes under way end on the connections that they began on.
 */
export function watchCredentials(options: RotationOptions): Rotation {
  const { load, apps, lanes, log, google, watchMs = WATCH_MS } = options;
  let current = options.config;
  let known = sending(current, google);
  let files: string[] = [];
  let watch: FileWatch | undefined;

  const look = (): void => {
    const wanted = filesOf(current, options);
    if (watch && wanted.join('\0') === files.join('\0')) return;
    watch?.close();
    files = wanted;
    watch = watchFiles(files, Math.max(watchMs, files.length * MS_FOR_EACH_FILE), reload);
  };

  /** The apps of the file, each only when it is another than before. */
  const takeApps = (next: Config): number => {
    let changed = 0;
    const listed = fileApps(next);
    const names = new Set(listed.map(({ name }) => name));
    for (const app of [...apps])
      if (app.origin === 'file' && !names.has(app.name)) {
        apps.delete(app.name);
        changed++;
      }
    for (const app of listed) {
      const before = apps.get(app.name);
      if (before?.origin === 'file' && before.version === app.version) continue;
      apps.set(app);
      changed++;
    }
    return changed;
  };

  const reload = (): void => {
    let next: Config;
    try {
      next = load();
    } catch (error) {
      log.error(`the changed configuration is not taken over: ${toError(error).message}; what was read before stays`);
      return;
    }
    const seen = sending(next, google);
    if (seen !== known && !lanes.reconfigure(next)) return;
    const isNew = seen !== known;
    known = seen;
    const changedApps = takeApps(next);
    const waiting = waitingForRestart(current, next);
    current = next;
    look();
    if (isNew) log.info('changed provider sections and credentials of the default app are in use');
    if (changedApps > 0) log.info(`${changedApps} apps of the configuration changed and are in use`);
    if (isNew || changedApps > 0) options.onChange?.();
    if (waiting.length > 0) log.warn(`changes of ${waiting.join(', ')} count after a restart`);
  };

  look();
  return { reload, close: () => watch?.close() };
}
