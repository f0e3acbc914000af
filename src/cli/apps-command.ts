import { existsSync } from 'node:fs';
import { masterKeysOf, readRecord, resealRecord } from '../apps/store/app-record.ts';
import { type AppStore, type StoredText, VersionConflictError } from '../apps/store/app-store.ts';
import { storedAppView } from '../apps/store/app-view.ts';
import { HOW_TO_SET, loadMasterKeys, MasterKeyError, type MasterKeys } from '../apps/store/master-keys.ts';
import { openAppStore } from '../apps/store/open-stored-apps.ts';
import type { Config } from '../config/schema.ts';
import { toError } from '../kit/errors.ts';

export type AppsTask =
  | { readonly do: 'list' }
  | { readonly do: 'show'; readonly name: string }
  | { readonly do: 'reseal' };

export interface AppsCommandOptions {
  readonly config: Pick<Config, 'apps'>;
  /** The value of MARTLET_MASTER_KEY. */
  readonly masterKey: string | undefined;
  /** Certificates that are trusted in addition to the usual ones, PEM. */
  readonly ca?: readonly string[];
  readonly say: (line: string) => void;
}

const TRIES = 5;

function list(apps: readonly StoredText[], say: (line: string) => void): boolean {
  for (const { name, text } of [...apps].sort((a, b) => a.name.localeCompare(b.name))) {
    const record = readRecord(text);
    const parts = Object.keys(record.sealed).filter((part) => part !== 'app');
    const sealedWith = masterKeysOf(record).join(', ');
    say(`${name.padEnd(24)} ${record.updated_at}  ${parts.join(' ').padEnd(28)} master key ${sealedWith}`);
  }
  say(`${apps.length} apps`);
  return true;
}

function show(apps: readonly StoredText[], name: string, say: (line: string) => void): boolean {
  const app = apps.find((each) => each.name === name);
  say(
    app ? JSON.stringify(storedAppView({ ...app, record: readRecord(app.text) }), null, 2) : `there is no app ${name}`,
  );
  return app !== undefined;
}

/** @returns true when it had to be resealed. @throws MasterKeyError */
async function resealOne(store: AppStore, app: StoredText, keys: MasterKeys): Promise<boolean> {
  let current: StoredText | undefined = app;
  for (let left = TRIES; current; left--) {
    const record = readRecord(current.text);
    if (masterKeysOf(record).every((id) => id === keys[0].id)) return false;
    try {
      await store.put(app.name, JSON.stringify(resealRecord(app.name, record, keys)), current.version);
      return true;
    } catch (error) {
      // It was changed meanwhile: perhaps it is sealed with the new key by now.
      if (!(error instanceof VersionConflictError) || left <= 1) throw error;
      current = (await store.load()).changed.find(({ name }) => name === app.name);
    }
  }
  return false;
}

async function reseal(
  store: AppStore,
  apps: readonly StoredText[],
  keys: MasterKeys,
  say: (line: string) => void,
): Promise<boolean> {
  let [done, failed] = [0, 0];
  for (const app of apps)
    try {
      if (await resealOne(store, app, keys)) done++;
    } catch (error) {
      failed++;
      say(`${app.name}: ${toError(error).message}`);
    }
  const rest = failed > 0 ? `, ${failed} could not be` : '';
  say(`${done} of ${apps.length} apps were resealed with master key ${keys[0].id}${rest}`);
  if (failed === 0) say('the older master keys can be removed');
  return failed === 0;
}

/** Shows the apps made at run time, or reseals their secrets. @returns false after a failure, which it has printed */
export async function appsCommand(task: AppsTask, options: AppsCommandOptions): Promise<boolean> {
  const { config, masterKey, ca = [], say } = options;
  const { path, redis, master_key_path } = config.apps;
  if (redis === '' && !(path && existsSync(path))) {
    say(`there are no apps: ${path === '' ? 'apps.path is empty' : `no such file: ${path}`}`);
    return task.do === 'list';
  }
  const keys = task.do === 'reseal' ? loadMasterKeys(masterKey, master_key_path) : undefined;
  if (task.do === 'reseal' && !keys) throw new MasterKeyError(`there is no master key to seal with: ${HOW_TO_SET}`);
  const store = await openAppStore(config, ca);
  try {
    const { changed: apps } = await store.load();
    if (task.do === 'list') return list(apps, say);
    return keys ? await reseal(store, apps, keys, say) : show(apps, (task as { name: string }).name, say);
  } finally {
    await store.close();
  }
}
