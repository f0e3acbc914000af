import type { Burst, RequestTemplate, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import type { Delivery, Failed, Outcome, Settle } from '../push/push.ts';
import { type FcmMessage, targetFailure, targetJson } from './payload.ts';
import { fcmFault, fcmOutcome, type PushedTo } from './reasons.ts';

type Sendable = Extract<FcmMessage, { ok: true }>;

const NOT_YET: RequestTemplate = { headers: [] };

/** The pushes of one delivery that can be sent: one object for all of them, from the moment they are checked to their answers. */
export class FcmBurst implements Burst {
  /** Set, with the token that it carries, before the burst is submitted. */
  template = NOT_YET;
  token = '';
  readonly count: number;
  readonly #delivery: Delivery;
  readonly #message: Sendable;
  readonly #settle: Settle;
  readonly #note: (outcome: Outcome, token: string) => void;
  readonly #now: () => number;
  readonly #to: PushedTo;
  #body: Buffer | undefined;
  /** Places of the targets that can be sent; absent when all can. */
  #places: number[] | undefined;

  /** Settles at once the targets that cannot be sent. `note` is also called for every answer. */
  constructor(
    delivery: Delivery,
    message: Sendable,
    settle: Settle,
    note: (outcome: Outcome, token: string) => void,
    now: () => number,
  ) {
    this.#delivery = delivery;
    this.#message = message;
    this.#settle = settle;
    this.#note = note;
    this.#now = now;
    this.#to = { kind: delivery.kind, liveActivity: message.liveActivity };
    const { targets, kind } = delivery;
    for (let place = 0; place < targets.length; place++) {
      const failure = targetFailure(targets[place] as string, kind);
      if (failure) {
        this.#places ??= Array.from({ length: place }, (_, earlier) => earlier);
        settle(place, failure);
      } else this.#places?.push(place);
    }
    this.count = this.#places?.length ?? targets.length;
  }

  #place(index: number): number {
    return this.#places ? (this.#places[index] as number) : index;
  }

  path(): string {
    return this.template.path as string;
  }

  body(index: number): Uint8Array {
    const { before, after } = this.#message;
    const target = targetJson(this.#delivery.targets[this.#place(index)] as string, this.#delivery.kind);
    const length = Buffer.byteLength(target);
    const size = before.length + length + after.length;
    if (this.#body?.length !== size) {
      // One buffer for all targets of the same length, as most are: the pool copies a body at once.
      this.#body = Buffer.allocUnsafe(size);
      before.copy(this.#body);
      after.copy(this.#body, before.length + length);
    }
    // Tokens are ASCII, for which this is the faster way.
    this.#body.write(target, before.length, length === target.length ? 'latin1' : 'utf8');
    return this.#body;
  }

  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.#end(index, fcmOutcome(status, headers, body, this.#to, this.#now, session));
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    this.#end(index, fcmFault(fault, session));
  }

  #end(index: number, outcome: Outcome): void {
    this.#note(outcome, this.token);
    this.#settle(this.#place(index), outcome);
  }

  /** Ends all of it unsent. */
  fail(outcome: Failed): void {
    for (let index = 0; index < this.count; index++) this.#settle(this.#place(index), outcome);
  }
}
