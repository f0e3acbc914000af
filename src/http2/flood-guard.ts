import { ConnectionError } from './connection-error.ts';

const START = 2_000;
const MOST = 10_000;
/** An honest peer sends a few window updates, settings and pings for each answer. */
const PER_ANSWER = 8;
const PER_SECOND = 200;
/** Go's server updates both windows for each 4 KiB that it has read; others seldomer. */
const BYTES_PER_UPDATE = 512;

/**
 * Counts frames that cost us work and bring no answer (PING, SETTINGS, empty DATA, RST_STREAM for streams that are gone, …).
 * Answers and time earn credit, and what we send does: a peer has to update its windows for it. One that spends more than it has
 * is flooding.
 */
export class FloodGuard {
  #credit = START;
  /** Bytes of bodies that credit was given for. */
  #credited = 0;

  nuisance(what: string): void {
    if (--this.#credit < 0) throw new ConnectionError('ENHANCE_YOUR_CALM', `a flood of frames, the last ${what}`);
  }

  /** A WINDOW_UPDATE. @param sent bytes of bodies that were sent on this connection */
  windowUpdate(sent: number): void {
    const earned = Math.floor((sent - this.#credited) / BYTES_PER_UPDATE);
    this.#credited += earned * BYTES_PER_UPDATE;
    this.#credit = Math.max(this.#credit, Math.min(MOST, this.#credit + earned));
    this.nuisance('WINDOW_UPDATE');
  }

  answered(): void {
    if (this.#credit < MOST) this.#credit += PER_ANSWER;
  }

  elapsed(ms: number): void {
    this.#credit = Math.min(MOST, this.#credit + (ms * PER_SECOND) / 1000);
  }
}
