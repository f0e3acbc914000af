import { ConnectionError } from './connection-error.ts';

const START = 2_000;
const MOST = 10_000;
/** An honest peer sends a few window updates, settings and pings for each answer. */
const PER_ANSWER = 8;
const PER_SECOND = 200;

/**
 * Counts frames that cost us work and bring no answer (PING, SETTINGS, empty DATA, RST_STREAM and WINDOW_UPDATE for streams
 * that are gone, …). Answers and time earn credit; a peer that spends more than it has is flooding.
 */
export class FloodGuard {
  #credit = START;

  nuisance(what: string): void {
    if (--this.#credit < 0) throw new ConnectionError('ENHANCE_YOUR_CALM', `a flood of frames, the last ${what}`);
  }

  answered(): void {
    if (this.#credit < MOST) this.#credit += PER_ANSWER;
  }

  elapsed(ms: number): void {
    this.#credit = Math.min(MOST, this.#credit + (ms * PER_SECOND) / 1000);
  }
}
