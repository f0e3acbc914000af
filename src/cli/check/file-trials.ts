import { randomUUID } from 'node:crypto';
import { accessSync, closeSync, constants, existsSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { besideQueue } from '../../config/beside-queue.ts';
import { DEFAULT_HISTORY_PATH } from '../../config/history-section.ts';
import { DEFAULT_RECEIPTS_PATH } from '../../config/receipts-section.ts';
import { HUB_FILE } from '../../hub/storage/sqlite/hub-file.ts';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import { type FileKind, refuseForeignFile } from '../../kit/files/owned-file.ts';
import { STAT_FILE } from '../../observe/stats/sqlite-stats.ts';
import { statFile } from '../../observe/stats/stat-file.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { QUEUE_FILE } from '../../queue/file/file-format.ts';
import type { Trial } from './trial.ts';

/** A file that the relay makes, or the folder of such files. */
interface WrittenPlace {
  readonly key: string;
  readonly path: string;
  /** Whose it must be; absent: any. */
  readonly kind?: FileKind;
  readonly isFolder?: true;
}

/** The nearest thing on the way to it that is there. */
function nearest(path: string): string {
  const full = resolve(path);
  return existsSync(full) || dirname(full) === full ? full : nearest(dirname(full));
}

function trouble(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return fileTrouble(error);
  }
}

/** Makes a file there and removes it: the rights alone do not tell of a file system that takes none. */
function makeFile(folder: string): void {
  const path = join(folder, `.martlet-check-${randomUUID()}`);
  closeSync(openSync(path, 'wx', 0o600));
  unlinkSync(path);
}

/** Says whether it could be written, and leaves all as it was. @throws Error with the way out */
function mustBeWritable({ key, path, kind, isFolder }: WrittenPlace): string {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() && !isFolder) throw new Error(`${path} is a folder: name a file in it`);
  if (there && kind) refuseForeignFile(path, key, kind);
  if (there && trouble(() => accessSync(path, constants.R_OK | constants.W_OK)))
    throw new Error(`${path} cannot be written: let the user of the relay read and write it`);
  const folder = nearest(isFolder ? path : dirname(path));
  if (!statSync(folder).isDirectory()) throw new Error(`${path} cannot be written: ${folder} is no folder`);
  const wrong = trouble(() => makeFile(folder));
  if (wrong !== undefined)
    throw new Error(
      `${path} cannot be written: ${folder}: ${wrong}; let the user of the relay write there, or name another`,
    );
  return `${path} ${there ? 'can be written' : 'can be made'}`;
}

const at = (key: string, path: string, kind?: FileKind): WrittenPlace[] =>
  path === '' ? [] : [{ key, path, ...(kind ? { kind } : {}) }];

function statPlaces({ stat }: FullConfig): WrittenPlace[] {
  const { engine } = stat;
  if (engine === 'memory' || engine === 'redis') return [];
  const section = engine === 'badger' ? 'badgerdb' : engine;
  return at(`stat.${section}.path`, statFile(stat[section].path, engine).path, STAT_FILE);
}

/** With the sandbox the hub's file has another name, in the same folder. */
const hubPlaces = ({ hub, sandbox }: FullConfig): WrittenPlace[] =>
  hub.enabled && hub.postgres === '' ? at('hub.path', hub.path, sandbox.enabled ? undefined : HUB_FILE) : [];

/** Folders and files that the relay writes. @param hasMasterKey apps are made at run time */
export function fileTrials(config: FullConfig, hasMasterKey: boolean): Trial[] {
  const { core, queue, history, receipts, apps } = config;
  const beside = (path: string, byDefault: string): string => besideQueue(queue, path, byDefault);
  const places: WrittenPlace[] = [
    ...(queue.engine === 'local' ? at('queue.local.path', queue.local.path, QUEUE_FILE) : []),
    ...(history.enabled ? at('history.path', beside(history.path, DEFAULT_HISTORY_PATH)) : []),
    ...at('receipts.path', beside(receipts.path, DEFAULT_RECEIPTS_PATH)),
    ...statPlaces(config),
    ...(hasMasterKey && apps.redis === '' ? at('apps.path', apps.path) : []),
    ...hubPlaces(config),
    ...(core.pid.enabled ? at('core.pid.path', core.pid.path) : []),
    ...(core.auto_tls.enabled
      ? [{ key: 'core.auto_tls.folder', path: core.auto_tls.folder, isFolder: true as const }]
      : []),
  ];
  return places.map((place) => ({ key: place.key, look: () => mustBeWritable(place) }));
}
