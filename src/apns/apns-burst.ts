import type { Burst, RequestTemplate, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import type { Delivery, Failed, Outcome, Settle } from '../push/push.ts';
import type { AcceptedPushes } from './accepted-pushes.ts';
import { pathSegment } from './path-segment.ts';
import { apnsFault, apnsOutcome } from './reasons.ts';

const NOT_YET: RequestTemplate = { headers: [] };

/** The pushes of one delivery that can be sent: one object for all of them, from the moment they are checked to their answers. */
export class ApnsBurst implements Burst {
  /** Set, with the provider token that it carries, before the burst is submitted. */
  template = NOT_YET;
  token: string | undefined;
  readonly count: number;
  readonly delivery: Delivery;
  readonly #settle: Settle;
  readonly #note: (outcome: Outcome, token: string | undefined) => void;
  readonly #now: () => number;
  readonly #accepted: AcceptedPushes;
  /** Of the targets that can be sent. */
  readonly #paths: string[] = [];
  /** Places of those among all targets; absent when all can be sent. */
  #places: number[] | undefined;

  /** Settles at once the targets that cannot be sent. `note` is also called for every answer. */
  constructor(
    delivery: Delivery,
    settle: Settle,
    note: (outcome: Outcome, token: string | undefined) => void,
    now: () => number,
    accepted: AcceptedPushes,
  ) {
    this.delivery = delivery;
    this.#settle = settle;
    this.#note = note;
    this.#now = now;
    this.#accepted = accepted;
    const { targets } = delivery;
    for (let place = 0; place < targets.length; place++) {
      const path = pathSegment(targets[place] as string);
      if (typeof path === 'string') {
        this.#paths.push(path);
        this.#places?.push(place);
      } else {
        this.#places ??= Array.from({ length: place }, (_, earlier) => earlier);
        settle(place, path);
      }
    }
    this.count = this.#paths.length;
  }

  #place(index: number): number {
    return this.#places ? (this.#places[index] as number) : index;
  }

  target(index: number): string {
    return this.delivery.targets[this.#place(index)] as string;
  }

  path(index: number): string {
    return this.#paths[index] as string;
  }

  body(): Uint8Array {
    return this.template.body as Uint8Array;
  }

  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    const outcome =
      status === 200 && body.length === 0
        ? this.#delivered(headers, session)
        : apnsOutcome(status, headers, body, this.#now, session);
    this.#end(index, outcome);
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    this.#end(index, apnsFault(fault, session));
  }

  /** Of many, none has an object of its own; of one, it costs nothing that counts, and Apple can be asked about its id. */
  #delivered(headers: ResponseHeaders, session: number): Outcome {
    const providerId = this.count === 1 ? headers['apns-id'] : undefined;
    return providerId === undefined ? this.#accepted.on(session) : { kind: 'accepted', providerId, session };
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

/** One push of a burst that needs headers of its own. */
export class SinglePush implements Burst {
  readonly template: RequestTemplate;
  readonly count = 1;
  readonly #burst: ApnsBurst;
  readonly #index: number;

  constructor(burst: ApnsBurst, index: number, template: RequestTemplate) {
    this.template = template;
    this.#burst = burst;
    this.#index = index;
  }

  path(): string {
    return this.#burst.path(this.#index);
  }

  body(): Uint8Array {
    return this.template.body as Uint8Array;
  }

  onResponse(_: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.#burst.onResponse(this.#index, status, headers, body, session);
  }

  onFault(_: number, fault: StreamFault, session?: number): void {
    this.#burst.onFault(this.#index, fault, session);
  }
}
