import type { RequestTemplate } from '../http2/http2-pool.ts';
import type { Delivery, Failed, Outcome, Settle } from '../push/push.ts';

const NOT_YET: RequestTemplate = { headers: [] };

export interface TargetsBurstOptions {
  readonly delivery: Delivery;
  readonly settle: Settle;
  /** Called for every answer, with the token that the push was sent with. */
  readonly note: (outcome: Outcome, token: string | undefined) => void;
}

/**
 * The pushes of one delivery that can be sent over HTTP/2: one object for all of them, from the moment they are checked to their
 * answers. Index: among those that can be sent; place: among all targets of the delivery.
 */
export class TargetsBurst {
  /** Set, with the token that it carries, before the burst is submitted. */
  template = NOT_YET;
  token: string | undefined;
  readonly delivery: Delivery;
  readonly count: number;
  readonly #settle: Settle;
  readonly #note: TargetsBurstOptions['note'];
  /** By index; absent when all can be sent. */
  #places: number[] | undefined;

  /** @param failureOf why a target cannot be sent: it is settled at once. Asked once for each, in order; absent: all can be */
  constructor({ delivery, settle, note }: TargetsBurstOptions, failureOf?: (target: string) => Failed | undefined) {
    this.delivery = delivery;
    this.#settle = settle;
    this.#note = note;
    const { targets } = delivery;
    for (let place = 0; failureOf && place < targets.length; place++) {
      const failure = failureOf(targets[place] as string);
      if (failure) {
        this.#places ??= Array.from({ length: place }, (_, earlier) => earlier);
        settle(place, failure);
      } else this.#places?.push(place);
    }
    this.count = this.#places?.length ?? targets.length;
  }

  place(index: number): number {
    return this.#places ? (this.#places[index] as number) : index;
  }

  target(index: number): string {
    return this.delivery.targets[this.place(index)] as string;
  }

  /** A push has its answer, or none comes. */
  end(index: number, outcome: Outcome): void {
    this.#note(outcome, this.token);
    this.#settle(this.place(index), outcome);
  }

  /** Ends all of it unsent. */
  fail(outcome: Failed): void {
    for (let index = 0; index < this.count; index++) this.#settle(this.place(index), outcome);
  }
}
