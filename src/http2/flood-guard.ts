import { ConnectionError } from './connection-error.ts';

const START = 2_000;
const MOST = 10_000;
/** An honest peer sends a few window updates, settings and pings for each answer. */
const PER_ANSWER = 8;
const PER_SECOND = 200;
/** It may update two windows for each request before it answers any, and answer one that was given up: in three frames. */
const PER_REQUEST = 6;
/** What was asked for may be owed for long: as many streams as there can be. */
const MOST_OWED = 100_000;
/** Go's server updates both windows for each 4 KiB that it has read; others seldomer. */
const BYTES_PER_UPDATE = 512;

/**
 * Counts frames that cost us work and bring no answer (PING, SETTINGS, empty DATA, RST_STREAM for streams that are gone, …).
 * Answers and time earn credit, and what we send does: a peer has to update its windows for it, and may answer what we gave up. One that spends more than it has
 * is flooding.
 */
export class FloodGuard {
  #credit = START;
  /** Bytes of bodies that credit was given for. */
  #credited = 0;
  readonly #requests: () => number;
  /** Requests that credit was given for. */
  #seen: number;

  /** @param requests how many were sent on this connection so far */
  constructor(requests: () => number = () => 0) {
    this.#requests = requests;
    this.#seen = requests();
  }

  nuisance(what: string): void {
    const requests = this.#requests();
    if (requests > this.#seen) {
      this.#credit = Math.max(this.#credit, Math.min(MOST_OWED, this.#credit + (requests - this.#seen) * PER_REQUEST));
      this.#seen = requests;
    }
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
    if (this.#credit < MOST) this.#credit = Math.min(MOST, this.#credit + (ms * PER_SECOND) / 1000);
  }
}
