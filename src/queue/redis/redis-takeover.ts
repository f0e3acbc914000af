import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { toSeconds } from '../../kit/seconds.ts';
import { Silence } from '../broker/silence.ts';
import type { AliveKeys } from './alive-keys.ts';
import type { RawEntry, RedisStream } from './redis-stream.ts';

export interface RedisTakeoverOptions {
  readonly stream: Pick<RedisStream, 'claim' | 'claimOf' | 'otherHolders'>;
  readonly alive: Pick<AliveKeys, 'of'>;
  /** Milliseconds after which entries go to others that were not touched, and those of an instance that went silent. */
  readonly claimMs: number;
  readonly leaseMs: number;
  /** How many entries there is room for; 0 while nothing can be taken over. */
  readonly room: () => number;
  /** The server heard of this instance lately. */
  readonly isSure: () => boolean;
  /** They are this instance's now. @returns how many of them an instance died with */
  readonly take: (entries: readonly RawEntry[]) => Promise<number>;
  readonly failed: (error: Error) => void;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** An instance is silent after this part of the lease, so that what it had is elsewhere by its end; one itself is in doubt before. */
const SILENT = 0.8;
/** Looks in a lease. */
const LOOKS = 10;
/** An instance that lost its connection has so long to come back: the longest pause of its client, and a little more. */
const PATIENCE_MS = 6000;
const MOST_CLAIM_MS = 2000;
const LEAST_MS = 50;

/**
 * Takes over what instances that are gone had under way: of those that showed that they lived, as soon as they do so no more; of others,
 * what was not touched for `claimMs`.
 */
export class RedisTakeover {
  readonly #options: RedisTakeoverOptions;
  readonly #silence: Silence;
  readonly #lookMs: number;
  readonly #timers: NodeJS.Timeout[] = [];
  #patientUntil = Number.NEGATIVE_INFINITY;
  /** Just connected: what others left behind is looked for at once. */
  #isDue = false;
  #isLooking = false;
  #isTooOld = false;

  constructor(options: RedisTakeoverOptions) {
    this.#options = options;
    this.#lookMs = Math.max(LEAST_MS, options.leaseMs / LOOKS);
    this.#silence = new Silence(options.leaseMs * SILENT, this.#lookMs);
  }

  start(): void {
    const claimMs = Math.min(MOST_CLAIM_MS, Math.max(LEAST_MS, this.#options.claimMs / 3));
    this.#timers.push(setInterval(() => background(this.#claim()), claimMs));
    this.#timers.push(setInterval(() => background(this.#look()), this.#lookMs));
    for (const timer of this.#timers) timer.unref();
  }

  /** @param wasAway the others may have lost their connections, too, and need a while to be back */
  connected(wasAway: boolean): void {
    this.#silence.forget();
    if (wasAway) this.#patientUntil = this.#options.now() + PATIENCE_MS;
    this.#isDue = true;
  }

  /** There is room. */
  wanted(): void {
    if (this.#isDue) background(this.#claim());
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  get #isPatient(): boolean {
    return this.#options.now() < this.#patientUntil;
  }

  /** What was not touched for long, or was handed back. */
  async #claim(): Promise<void> {
    const { stream, claimMs, room, take, failed, tell } = this.#options;
    if (room() < 1 || this.#isPatient) return;
    this.#isDue = false;
    try {
      const dead = await take(await stream.claim(claimMs, room()));
      if (dead > 0) tell('warn', `took over ${dead} messages that no instance has touched for ${toSeconds(claimMs)} s`);
    } catch (thrown) {
      const error = toError(thrown);
      failed(error);
      if (!/unknown command/i.test(error.message) || this.#isTooOld) return;
      this.#isTooOld = true;
      tell('error', 'what an instance that died had under way is not taken over: needs Redis 6.2');
    }
  }

  /** What instances had that are silent. */
  async #look(): Promise<void> {
    const { stream, alive, isSure, room, failed, now } = this.#options;
    if (this.#isLooking || this.#isPatient || !isSure()) return;
    this.#isLooking = true;
    try {
      const words = await alive.of(await stream.otherHolders());
      for (const [consumer, silentMs] of this.#silence.look(now(), words))
        if (room() > 0 && isSure()) await this.#takeFrom(consumer, silentMs);
    } catch (error) {
      failed(toError(error));
    } finally {
      this.#isLooking = false;
    }
  }

  async #takeFrom(consumer: string, silentMs: number): Promise<void> {
    const { stream, leaseMs, room, take, tell } = this.#options;
    // What was touched meanwhile stays where it is: another instance was faster, or this one was mistaken.
    const dead = await take(await stream.claimOf(consumer, leaseMs / 2, room()));
    const silence = `which has been silent for ${toSeconds(Math.round(silentMs))} s`;
    if (dead > 0) tell('warn', `took over ${dead} messages of ${consumer}, ${silence}`);
  }
}
