/** Stores of the hub with people and devices in them, made once and copied for each run. */
import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigOverlay, type RelayProcess, type System, startRelay } from '../relay-process.ts';
import type { Workbench } from '../workbench.ts';
import { startHttpLoad } from './http-load.ts';
import { TOPIC } from './requests.ts';

const FILE = 'hub.db';
const made = new Map<string, Promise<string>>();

/** The hub on the store in this folder. */
export const hubOn = (folder: string): ConfigOverlay => ({
  hub: { enabled: true, path: join(folder, FILE) },
  ios: { topic: TOPIC },
});

/** The hub on a database. */
export const hubOnPostgres = (url: string): ConfigOverlay => ({
  hub: { enabled: true, postgres: url },
  ios: { topic: TOPIC },
});

export const emptyFolder = (bench: Workbench): string => mkdtempSync(join(bench.dir, 'hub-'));

/** A folder of its own, with a store of so many people with a device each. */
export async function stockOf(bench: Workbench, system: System, people: number): Promise<string> {
  const key = `${system.name} ${people}`;
  const making = made.get(key) ?? make(bench, system, people);
  made.set(key, making);
  const folder = emptyFolder(bench);
  cpSync(await making, folder, { recursive: true });
  return folder;
}

async function make(bench: Workbench, system: System, people: number): Promise<string> {
  const folder = emptyFolder(bench);
  const relay = await startRelay(bench, system, hubOn(folder));
  try {
    await importPeople(relay, people);
    return folder;
  } finally {
    await relay.close();
  }
}

/** Each with a device. */
export async function importPeople({ port }: Pick<RelayProcess, 'port'>, people: number): Promise<void> {
  const load = await startHttpLoad();
  try {
    const { succeeded, failure } = await load.run({ port, name: 'import', connections: 1, from: 0, count: people });
    if (succeeded !== people) throw new Error(`${people - succeeded} devices could not be imported: ${failure}`);
  } finally {
    load.close();
  }
}
