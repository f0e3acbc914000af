import type { App } from './app.ts';
import type { AppRegistry } from './app-registry.ts';

export interface TakenApps {
  /** How many are new or have other settings. */
  readonly changed: number;
  /** Names of those that the file does not have any more. */
  readonly gone: readonly string[];
}

/**
 * Makes the registry have the apps of the file as they are now, each set only when it is another than before.
 * @param stored the app of this name that was made at run time, which that of the file hid
 */
export function takeFileApps(
  apps: AppRegistry,
  listed: readonly App[],
  stored: (name: string) => App | undefined,
): TakenApps {
  const names = new Set(listed.map(({ name }) => name));
  const gone = [...apps].filter(({ origin, name }) => origin === 'file' && !names.has(name)).map(({ name }) => name);
  for (const name of gone) {
    const hidden = stored(name);
    if (hidden) apps.set(hidden);
    else apps.delete(name);
  }
  const others = listed.filter(({ name, version }) => {
    const before = apps.get(name);
    return before?.origin !== 'file' || before.version !== version;
  });
  for (const app of others) apps.set(app);
  return { changed: others.length, gone };
}
