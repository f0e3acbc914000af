import { randomBytes } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import type { HubDb, HubStore } from '../../hub/storage/storage.ts';
import { late } from '../../kit/late.ts';

/** With the first token: a hub that starts should not wait for it. */
const jose = late('jose', () => import('jose'));

/** A key that signs the tokens of people, as the store has it. */
interface KeptKey {
  readonly kid: string;
  readonly jwk: JWK;
  /** UNIX milliseconds. */
  readonly createdAt: number;
}

export interface UserTokenKey {
  readonly kid: string;
  readonly sign: CryptoKey;
  readonly verify: CryptoKey;
  readonly createdAt: number;
}

export interface UserTokenKeysOptions {
  readonly store: Pick<HubStore, 'db' | 'write' | 'seal'>;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const ROW = 'user_tokens.keys';
const BOUND = `meta:${ROW}`;
const DAY_MS = 86_400_000;
/** A key signs for so long; the next one is made with the first token after that. */
export const SIGNS_MS = 30 * DAY_MS;
/** The longest life of a token, and an hour for clocks that differ: for so long the key before is still needed. */
const NEEDED_MS = DAY_MS + 3_600_000;
/** Another instance may have made a key: at most so often the store is asked about one that is unknown. */
const LOOK_MS = 1000;
const RENEW_LOOK_MS = 60_000;

/**
 * The ES256 keys that sign the tokens of people: sealed in the store of the hub, the same for all its instances. Each signs for 30
 * days; the one before is kept until its last token has ended.
 */
export class UserTokenKeys {
  readonly #options: UserTokenKeysOptions;
  #keys: readonly UserTokenKey[] = [];
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: UserTokenKeysOptions) {
    this.#options = options;
  }

  /** The key that signs now. Rejects with StoreUnavailable. */
  async current(): Promise<UserTokenKey> {
    const now = this.#options.now();
    if (now - this.#readAt >= RENEW_LOOK_MS) await this.#read();
    const [newest] = this.#keys;
    if (newest && now - newest.createdAt < SIGNS_MS) return newest;
    return this.rotate(newest?.kid);
  }

  /** The key of this name; undefined for a strange one, and for one of ours that is not needed any longer. Rejects with StoreUnavailable. */
  async find(kid: string): Promise<UserTokenKey | undefined> {
    const known = this.#keys.find((key) => key.kid === kid);
    if (known || this.#options.now() - this.#readAt < LOOK_MS) return known;
    await this.#read();
    return this.#keys.find((key) => key.kid === kid);
  }

  /** Makes the next key, unless another instance has made one after `than` meanwhile. */
  async rotate(than?: string): Promise<UserTokenKey> {
    const { store, now } = this.#options;
    const { exportJWK, generateKeyPair } = await jose();
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(privateKey);
    const fresh: KeptKey = { kid: randomBytes(9).toString('base64url'), jwk, createdAt: now() };
    const kept = await store.write(async (tx) => {
      const before = await this.#keptIn(tx);
      if (before[0] && before[0].kid !== than) return before;
      const after = [fresh, ...stillNeeded(before, now())];
      const value = store.seal.seal(JSON.stringify(after), BOUND);
      await tx
        .insertInto('meta')
        .values({ key: ROW, value })
        .onConflict((row) => row.column('key').doUpdateSet({ value }))
        .execute();
      return after;
    });
    await this.#take(kept);
    return this.#keys[0] as UserTokenKey;
  }

  async #read(): Promise<void> {
    await this.#take(await this.#keptIn(this.#options.store.db));
  }

  async #keptIn(db: HubDb): Promise<readonly KeptKey[]> {
    const row = await db.selectFrom('meta').select('value').where('key', '=', ROW).executeTakeFirst();
    return row ? (JSON.parse(this.#options.store.seal.open(row.value, BOUND)) as KeptKey[]) : [];
  }

  async #take(kept: readonly KeptKey[]): Promise<void> {
    const known = new Map(this.#keys.map((key) => [key.kid, key]));
    this.#keys = await Promise.all(kept.map((key) => known.get(key.kid) ?? imported(key)));
    this.#readAt = this.#options.now();
  }
}

/** Newest first. Each is needed until the tokens have ended that it signed before the next one was made. */
const stillNeeded = (kept: readonly KeptKey[], now: number): readonly KeptKey[] =>
  kept.filter((_, i) => now - (kept[i - 1]?.createdAt ?? now) < NEEDED_MS);

async function imported({ kid, jwk, createdAt }: KeptKey): Promise<UserTokenKey> {
  const { importJWK } = await jose();
  const { d: _, ...publicJwk } = jwk;
  const [sign, verify] = await Promise.all([importJWK(jwk, 'ES256'), importJWK(publicJwk, 'ES256')]);
  return { kid, createdAt, sign: sign as CryptoKey, verify: verify as CryptoKey };
}
