import { randomBytes } from 'node:crypto';
import { MasterKeyError, type MasterKeys } from '../../apps/store/master-keys.ts';
import { type SealedFor, seal, sealedWith, unseal } from '../../apps/store/seal.ts';
import type { HubKeys } from './hub-seal.ts';
import type { HubDb } from './storage.ts';

const KEY_BYTES = 32;
const names = ['data', 'hash'] as const;

const rowOf = (name: string): string => `key.${name}`;
/** No app has this name. */
const belongsTo = (name: string): SealedFor => ({ app: '', part: `hub ${name} key` });

export interface KeySources {
  /** The master key of the apps. */
  readonly master: MasterKeys | undefined;
  /** The master key in the file beside the store; undefined: there is no such file. */
  readonly own: () => MasterKeys | undefined;
  /** Makes that file. */
  readonly makeOwn: () => MasterKeys;
}

/** What opens, the one that seals first: what the file beside the store sealed is sealed by the master key once there is one. */
const openers = ({ master, own }: Pick<KeySources, 'master' | 'own'>): MasterKeys | undefined => {
  const [first, ...more] = [...(master ?? []), ...(own() ?? [])];
  return first && [first, ...more];
};

/**
 * The keys of a store, which stays as it is: none is made, and none is sealed again.
 * @throws MasterKeyError when there are none, or they are sealed with a key that is not given
 */
export async function readHubKeys(db: HubDb, sources: Pick<KeySources, 'master' | 'own'>): Promise<HubKeys> {
  const kept = await sealedKeys(db);
  const read = (name: string): Buffer => {
    const sealed = kept.get(rowOf(name));
    if (sealed === undefined) throw new MasterKeyError("the hub's store has no keys: no relay has opened it yet");
    return Buffer.from(opened(sealed, name, openers(sources)), 'base64');
  };
  return { data: read('data'), hash: read('hash') };
}

/**
 * The keys of the store. New ones are made where there are none yet, in the one transaction `tx`.
 * @throws MasterKeyError when they are sealed with a key that is not given
 */
export async function hubKeys(tx: HubDb, sources: KeySources): Promise<HubKeys> {
  const kept = await sealedKeys(tx);
  const keys: { [Name in (typeof names)[number]]?: Buffer } = {};
  for (const name of names) {
    const sealed = kept.get(rowOf(name));
    keys[name] = sealed === undefined ? await make(tx, name, sources) : await open(tx, name, sealed, sources);
  }
  return keys as HubKeys;
}

/** As they are kept, by their rows. */
async function sealedKeys(db: HubDb): Promise<Map<string, string>> {
  const rows = await db.selectFrom('meta').selectAll().where('key', 'in', names.map(rowOf)).execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

async function make(tx: HubDb, name: string, sources: KeySources): Promise<Buffer> {
  const [master] = openers(sources) ?? sources.makeOwn();
  const key = randomBytes(KEY_BYTES);
  const value = seal(key.toString('base64'), belongsTo(name), master);
  await tx
    .insertInto('meta')
    .values({ key: rowOf(name), value })
    .execute();
  return key;
}

function opened(sealed: string, name: string, masters: MasterKeys | undefined): string {
  try {
    return unseal(sealed, belongsTo(name), masters);
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    const missing = `the keys of the hub's store are sealed with master key ${sealedWith(sealed)}, which is not given`;
    throw new MasterKeyError(`${missing}: set MARTLET_MASTER_KEY, or put back the .key file beside hub.path`);
  }
}

/** Opened, and sealed again with the current master key when it was another one: nothing else has to be. */
async function open(tx: HubDb, name: string, sealed: string, sources: KeySources): Promise<Buffer> {
  const masters = openers(sources);
  const plain = opened(sealed, name, masters);
  if (masters && sealedWith(sealed) !== masters[0].id) {
    const value = seal(plain, belongsTo(name), masters[0]);
    await tx.updateTable('meta').set({ value }).where('key', '=', rowOf(name)).execute();
  }
  return Buffer.from(plain, 'base64');
}
