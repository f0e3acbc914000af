import { X509Certificate } from 'node:crypto';
import { background } from '../kit/background.ts';
import { backoff } from '../kit/backoff.ts';
import { toError } from '../kit/errors.ts';
import type { AcmeFolder } from './acme-folder.ts';
import type { ChallengeType } from './acme-order.ts';
import type { CertificateLog } from './certificate-source.ts';
import { type KeyPair, keyPairTrouble } from './key-pair.ts';

export interface AutoCertificateOptions {
  readonly folder: AcmeFolder;
  /** Orders a certificate; calls back when the authority is about to look. */
  readonly order: (type: ChallengeType, onChallenge: () => void) => Promise<KeyPair>;
  /** The ways in which the authority can look at this host, the preferred one first. */
  readonly types: () => readonly ChallengeType[];
  readonly log: CertificateLog;
  readonly onChange: () => void;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
}

const DAY = 86_400_000;
const RENEW_AHEAD = 30 * DAY;
/** Looked at again this often, whatever the plan: clocks jump, machines sleep. */
const LOOK_MS = DAY / 2;
/** Let's Encrypt allows five failed validations an hour for each host and account. */
const RETRY = { firstMs: 600_000, maxMs: 6 * 3_600_000 };
const LEAST_RETRY_MS = 60_000;
/** Another process orders this certificate: long enough to look whether it has got it. */
const BUSY_MS = 60_000;

/** When to renew, UNIX milliseconds: 30 days ahead of the end; of a short life, when two thirds of it are over. */
export function renewalTime({ cert }: Pick<KeyPair, 'cert'>): number {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const end = validToDate.getTime();
  return end - Math.min(RENEW_AHEAD, (end - validFromDate.getTime()) / 3);
}

/** The certificate of one host: from the folder when a good one is there, else ordered, and renewed in time. */
export class AutoCertificate {
  readonly #host: string;
  readonly #options: AutoCertificateOptions;
  #pair: KeyPair | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #preferred: ChallengeType | undefined;
  #stopped = false;

  constructor(host: string, options: AutoCertificateOptions) {
    this.#host = host;
    this.#options = options;
    try {
      this.#pair = this.#kept();
    } catch {
      // It cannot be read now; `start` looks again, and tells why not.
    }
  }

  /** Undefined while there is none, or none that is still valid. */
  get pair(): KeyPair | undefined {
    return this.#pair;
  }

  start(): void {
    this.#plan(0);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Takes what is in the folder, when it is another and a good one. @throws when it cannot be read now */
  reread(): void {
    const kept = this.#kept();
    if (kept && kept.cert !== this.#pair?.cert) this.#take(kept);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #kept(): KeyPair | undefined {
    const pair = this.#options.folder.pair(this.#host);
    if (!pair || keyPairTrouble(pair)) return undefined;
    const certificate = new X509Certificate(pair.cert);
    const fits = certificate.checkHost(this.#host) !== undefined && certificate.validToDate.getTime() > this.#now();
    return fits ? pair : undefined;
  }

  #take(pair: KeyPair): void {
    this.#pair = pair;
    const end = new X509Certificate(pair.cert).validTo;
    this.#options.log.info(`core.auto_tls: serves ${this.#host} with a certificate valid until ${end}`);
    this.#options.onChange();
  }

  #plan(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => background(this.#look(), (error) => this.#plan(this.#failed(error))),
      Math.min(ms, LOOK_MS),
    ).unref();
  }

  async #look(): Promise<void> {
    this.reread();
    const due = this.#pair ? renewalTime(this.#pair) - this.#now() : 0;
    if (due > 0) this.#plan(due);
    else this.#plan(await this.#renew());
  }

  /** Milliseconds until the next look. */
  async #renew(): Promise<number> {
    const lock = this.#options.folder.lock(this.#host);
    if (!lock) return BUSY_MS;
    try {
      const pair = await this.#order();
      this.#options.folder.keepPair(this.#host, pair);
      this.#failures = 0;
      if (!this.#stopped) this.#take(pair);
      return Math.max(LEAST_RETRY_MS, renewalTime(pair) - this.#now());
    } catch (error) {
      return this.#failed(toError(error));
    } finally {
      lock.release();
    }
  }

  /** Also when this machine is what fails: a folder that cannot be written. @returns milliseconds until the next try */
  #failed(error: Error): number {
    const pause = Math.max(LEAST_RETRY_MS, backoff(this.#failures++, RETRY, this.#options.random));
    const why = error.message.replace(/\s+/g, ' ');
    if (!this.#stopped)
      this.#options.log.warn(
        `core.auto_tls: no certificate for ${this.#host}: ${why}; again in ${Math.round(pause / 1000)} s`,
      );
    return pause;
  }

  /** What worked last comes first. Where one way was looked at in vain, the other is tried at once. */
  async #order(): Promise<KeyPair> {
    const types = [...this.#options.types()].sort(
      (a, b) => Number(b === this.#preferred) - Number(a === this.#preferred),
    );
    const troubles: string[] = [];
    for (const type of types) {
      let looked = false;
      try {
        const pair = await this.#options.order(type, () => {
          looked = true;
        });
        this.#preferred = type;
        return pair;
      } catch (error) {
        troubles.push(`${type}: ${toError(error).message}`);
        if (!looked) break;
      }
    }
    throw new Error(troubles.join('; '));
  }
}
