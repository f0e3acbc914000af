export interface FailedAttemptsOptions {
  /** Attempts that are free; 0: all of them. */
  readonly maxFailures: number;
  /** The longest wait, milliseconds. */
  readonly maxLockoutMs: number;
  /** Addresses that are remembered, the latest ones; default 10,000. */
  readonly maxAddresses?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

interface Record {
  failures: number;
  at: number;
  until: number;
}

const FIRST_LOCKOUT_MS = 1000;

/** A /64 of IPv6 counts as one address: an attacker has 2^64 of them for free. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = '', tail] = (address.split('%')[0] as string).split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const all =
    tail === undefined ? groups : [...groups, ...new Array(8 - groups.length - rest.length).fill('0'), ...rest];
  return `${all.slice(0, 4).join(':')}::/64`;
}

/** Makes those wait who guess: after some failures an address is locked out, twice as long with each further one. */
export class FailedAttempts {
  readonly #options: FailedAttemptsOptions;
  readonly #now: () => number;
  /** In order of their latest failure. */
  readonly #records = new Map<string, Record>();

  constructor(options: FailedAttemptsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get size(): number {
    return this.#records.size;
  }

  /** Milliseconds that this address has to wait. An address that is not known has not. */
  waitMs(address: string | undefined): number {
    if (address === undefined || this.#records.size === 0) return 0;
    const record = this.#records.get(networkOf(address));
    return record ? Math.max(0, record.until - this.#now()) : 0;
  }

  add(address: string | undefined): void {
    const { maxFailures, maxLockoutMs, maxAddresses = 10_000 } = this.#options;
    if (address === undefined || maxFailures === 0) return;
    const key = networkOf(address);
    const now = this.#now();
    const known = this.#records.get(key);
    const record = known && now - known.at <= this.#memoryMs() ? known : { failures: 0, at: now, until: 0 };
    record.failures++;
    record.at = now;
    const over = record.failures - maxFailures;
    if (over >= 0) record.until = now + Math.min(maxLockoutMs, FIRST_LOCKOUT_MS * 2 ** over);
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size > maxAddresses) this.#records.delete(this.#records.keys().next().value as string);
  }

  /** After so long without a failure the count starts at zero. */
  #memoryMs(): number {
    return Math.max(60_000, 2 * this.#options.maxLockoutMs);
  }
}
