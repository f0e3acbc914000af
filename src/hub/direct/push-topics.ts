import { createHash } from 'node:crypto';
import type { FaultyField } from '../../kit/refusal.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { DirectTarget, DirectWayOfToken } from './direct-target.ts';

/** A token that its provider would take. */
interface CheckedToken {
  readonly platform: string;
  readonly kind: string;
  readonly environment: string;
  readonly target: string;
}

export interface PushTopicsOptions {
  readonly store: HubStore;
  /** Checks a token by the rules of its provider. @returns what is wrong with it */
  readonly checked: (app: string, way: DirectWayOfToken) => CheckedToken | readonly FaultyField[];
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
const LIVES_MS = 7 * DAY_MS;
/** Bytes of a secret. */
const SHORTEST = 16;
const LONGEST = 64;
const ID = /^[0-9a-f]{64}$/;

/** The name of the topic that a secret opens; undefined for what is no secret: 16 to 64 bytes in hexadecimal. */
export function topicIdOf(secret: unknown): string | undefined {
  if (typeof secret !== 'string' || !/^(?:[0-9a-f]{2})+$/i.test(secret.slice(0, 2 * LONGEST + 2))) return undefined;
  const bytes = secret.length / 2;
  if (!Number.isInteger(bytes) || bytes < SHORTEST || bytes > LONGEST) return undefined;
  return createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex');
}

export const isTopicId = (text: unknown): text is string => typeof text === 'string' && ID.test(text);

const boundTo = (app: string, id: string): string => `push topic:${JSON.stringify([app, id])}`;

/**
 * Tokens that are registered under a secret, and reached by its hash: who sends does not know whose they are, and neither does the
 * store. Each lives until the midnight (UTC) after seven days, so that its end does not say when it was made.
 */
export class PushTopics {
  readonly #options: PushTopicsOptions;

  constructor(options: PushTopicsOptions) {
    this.#options = options;
  }

  /** @returns until when it lives, UNIX milliseconds; or what is wrong with the token */
  async register(app: string, id: string, way: DirectWayOfToken): Promise<number | readonly FaultyField[]> {
    const { store, now } = this.#options;
    const target = this.#options.checked(app, way);
    if ('length' in target) return target;
    const { platform, kind, environment, target: token } = target;
    const token_hash = this.#hash(app, platform, token);
    const expires_at = Math.ceil((now() + LIVES_MS) / DAY_MS) * DAY_MS;
    await store.write(async (tx) => {
      await tx.deleteFrom('push_topics').where('expires_at', '<=', now()).execute();
      await tx.deleteFrom('push_topics').where('app', '=', app).where('token_hash', '=', token_hash).execute();
      const row = {
        platform,
        kind,
        environment,
        token_hash,
        expires_at,
        target: store.seal.seal(token, boundTo(app, id)),
      };
      await tx
        .insertInto('push_topics')
        .values({ app, id, ...row })
        .onConflict((conflict) => conflict.columns(['app', 'id']).doUpdateSet(row))
        .execute();
    });
    return expires_at;
  }

  /** @returns whether it was there */
  async remove(app: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await this.#options.store.write((tx) => this.#delete(tx, app, id));
    return numDeletedRows > 0n;
  }

  /** Where its pushes go; undefined: it is not there, or not any longer. */
  async find(app: string, id: string): Promise<DirectTarget | undefined> {
    const { store, now } = this.#options;
    const row = await store.db
      .selectFrom('push_topics')
      .selectAll()
      .where('app', '=', app)
      .where('id', '=', id)
      .where('expires_at', '>', now())
      .executeTakeFirst();
    if (!row) return undefined;
    const { platform, kind, environment, target } = row;
    return { id, platform, kind, environment, target: store.seal.open(target, boundTo(app, id)) };
  }

  #delete(tx: HubDb, app: string, id: string) {
    return tx.deleteFrom('push_topics').where('app', '=', app).where('id', '=', id).executeTakeFirst();
  }

  #hash(app: string, platform: string, token: string): string {
    return this.#options.store.seal.hash(`push topic token:${platform}`, app, token);
  }
}
