import { TargetsBurst, type TargetsBurstOptions } from '../carrier/targets-burst.ts';
import type { Burst, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import { type FcmMessage, targetFailure, targetJson } from './payload.ts';
import { fcmFault, fcmOutcome, type PushedTo } from './reasons.ts';

type Sendable = Extract<FcmMessage, { ok: true }>;

export interface FcmBurstOptions extends TargetsBurstOptions {
  readonly message: Sendable;
  readonly now: () => number;
}

/** The pushes of one delivery to registrations, topics or conditions: each has a body of its own. */
export class FcmBurst extends TargetsBurst implements Burst {
  readonly #message: Sendable;
  readonly #now: () => number;
  readonly #to: PushedTo;
  #body: Buffer | undefined;

  constructor(options: FcmBurstOptions) {
    const { delivery, message, now } = options;
    const { kind } = delivery;
    super(options, (target) => targetFailure(target, kind));
    this.#message = message;
    this.#now = now;
    this.#to = { kind, liveActivity: message.liveActivity };
  }

  path(): string {
    return this.template.path as string;
  }

  body(index: number): Uint8Array {
    const { before, after } = this.#message;
    const target = targetJson(this.target(index), this.delivery.kind);
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
    this.end(index, fcmOutcome(status, headers, body, this.#to, this.#now, session));
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    this.end(index, fcmFault(fault, session));
  }
}
