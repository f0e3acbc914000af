import { createHash, timingSafeEqual } from 'node:crypto';
import { type Access, type Principal, principalOf } from './principal.ts';

/** SHA-256 of what a caller presents, a text as UTF-8: keys are only known by it. */
export const digestOf = (secret: string | Buffer): Buffer => createHash('sha256').update(secret).digest();

export interface KeySettings extends Access {
  /** 64 hexadecimal digits each. */
  readonly sha256: readonly string[];
}

interface Entry {
  readonly digest: Buffer;
  readonly principal: Principal;
}

const NO_ENTRY: Entry = {
  digest: Buffer.alloc(32),
  principal: { name: '', kind: 'key', scopes: new Set(), apps: new Set(), rateLimit: 0 },
};

/**
 * The API keys of the configuration. What time the search takes may tell of the digest of a guess, never of a key: who sends a
 * guess knows its digest already, and cannot choose one that begins like that of a key. The last word has a comparison in
 * constant time.
 */
export class KeyRing {
  readonly #entries = new Map<string, Entry>();

  constructor(keys: Readonly<Record<string, KeySettings>>) {
    for (const [name, settings] of Object.entries(keys)) {
      const principal = principalOf('key', name, settings);
      for (const hex of settings.sha256) {
        const digest = Buffer.from(hex, 'hex');
        this.#entries.set(digest.toString('latin1'), { digest, principal });
      }
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  find(digest: Buffer): Principal | undefined {
    const found = this.#entries.get(digest.toString('latin1'));
    const same = timingSafeEqual(digest, (found ?? NO_ENTRY).digest);
    return found && same ? found.principal : undefined;
  }
}
