import { ACCEPTED, type Accepted } from '../push/push.ts';

/** Sessions that are remembered; a pool has eight at a time. */
const MOST = 64;

/** The outcome of accepted pushes, one object for each session: a push costs none of its own. */
export class AcceptedPushes {
  readonly #known = new Map<number, Accepted>();
  #session: number | undefined;
  #last = ACCEPTED;

  on(session: number | undefined): Accepted {
    if (session === this.#session) return this.#last;
    this.#session = session;
    this.#last = session === undefined ? ACCEPTED : this.#of(session);
    return this.#last;
  }

  #of(session: number): Accepted {
    let outcome = this.#known.get(session);
    if (!outcome) {
      if (this.#known.size >= MOST) this.#known.clear();
      outcome = Object.freeze({ kind: 'accepted', session });
      this.#known.set(session, outcome);
    }
    return outcome;
  }
}
