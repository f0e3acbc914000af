import { existsSync } from 'node:fs';
import { openAppStore } from '../../apps/store/open-stored-apps.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { Doubt, type Trial } from './trial.ts';

/** Apps made at run time, as far as there is a store that can be read; undefined: there is none. */
async function storedNames(config: FullConfig): Promise<ReadonlySet<string> | undefined> {
  const { redis, path } = config.apps;
  if (redis === '' && (path === '' || !existsSync(path))) return undefined;
  const store = await openAppStore(config);
  try {
    return new Set((await store.load()).versions.keys());
  } finally {
    await store.close();
  }
}

async function mustExist(named: readonly string[], config: FullConfig, hasMasterKey: boolean): Promise<string> {
  const inFile = new Set([DEFAULT_APP, ...Object.keys(config.apps.named)].map((name) => name.toLowerCase()));
  const notInFile = named.filter((name) => !inFile.has(name.toLowerCase()));
  if (notInFile.length === 0) return named.join(', ');
  const stored = await storedNames(config);
  const gone = notInFile.filter((name) => !stored?.has(name));
  if (gone.length === 0) return named.join(', ');
  const text = `there is no app ${gone.join(', ')}`;
  if (stored || hasMasterKey) throw new Doubt(`${text}: it has to be made by /v1/apps before the key is of use`);
  throw new Error(`${text}: name it under apps, or another here`);
}

/** The apps that keys and certificates are for are there. */
export function keyTrials(config: FullConfig, hasMasterKey: boolean): Trial[] {
  const { keys, certificates } = config.auth;
  return Object.entries({ keys, certificates }).flatMap(([kind, callers]) =>
    Object.entries(callers)
      .filter(([, { apps }]) => apps.length > 0)
      .map(([name, { apps }]) => ({
        key: `auth.${kind}.${name}.apps`,
        look: () => mustExist(apps, config, hasMasterKey),
      })),
  );
}
