import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { MasterKey, MasterKeys } from './master-keys.ts';

const OWNER_ONLY = 0o600;
const MARK = /^revision (\d{1,16}) ([0-9a-f]{64})\n$/;

const sealOf = (revision: string, { bytes }: MasterKey): Buffer =>
  createHmac('sha256', bytes).update(`martlet revision of apps ${revision}`).digest();

/**
 * The highest revision of a store that was seen here, in a file beside it: what a process that starts knows of the past. Without the
 * master key no other revision can be written into it.
 */
export class RevisionMark {
  readonly path: string;
  readonly #keys: MasterKeys;
  #written: number | undefined;

  constructor(path: string, keys: MasterKeys) {
    this.path = path;
    this.#keys = keys;
  }

  /** Undefined when there is none, and for a text that was not sealed with one of the master keys. */
  read(): number | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'latin1');
    } catch {
      return undefined;
    }
    const [, revision, seal] = MARK.exec(text) ?? [];
    if (revision === undefined || seal === undefined) return undefined;
    const given = Buffer.from(seal, 'hex');
    const isOurs = this.#keys.some((key) => timingSafeEqual(sealOf(revision, key), given));
    return isOurs ? Number(revision) : undefined;
  }

  /** @throws when it cannot be written */
  note(revision: number): void {
    if (this.#written === revision) return;
    if ((this.read() ?? -1) < revision) {
      const text = `revision ${revision} ${sealOf(String(revision), this.#keys[0]).toString('hex')}\n`;
      const next = `${this.path}.${process.pid}`;
      writeFileSync(next, text, { mode: OWNER_ONLY });
      renameSync(next, this.path);
    }
    this.#written = revision;
  }
}
