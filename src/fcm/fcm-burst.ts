import { TargetsBurst, type TargetsBurstOptions } from '../carrier/targets-burst.ts';
import type { Burst, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import { messageNameIn } from './message-name.ts';
import { arePlainTargets, type FcmMessage, targetFailure, targetJson } from './payload.ts';
import { fcmFault, fcmOutcome, type PushedTo } from './reasons.ts';

type Sendable = Extract<FcmMessage, { ok: true }>;

const QUOTE = 0x22;

export interface FcmBurstOptions extends TargetsBurstOptions {
  readonly message: Sendable;
  readonly now: () => number;
}

/** The pushes of one delivery to registrations, topics or conditions: each has a body of its own. */
export class FcmBurst extends TargetsBurst implements Burst {
  readonly #message: Sendable;
  readonly #now: () => number;
  readonly #to: PushedTo;
  /** Targets are written between quotes as they are. */
  readonly #arePlain: boolean;
  #body: Buffer | undefined;

  constructor(options: FcmBurstOptions) {
    const { delivery, message, now } = options;
    const { kind } = delivery;
    super(options, (target) => targetFailure(target, kind));
    this.#message = message;
    this.#arePlain = arePlainTargets(delivery.targets, kind);
    this.#now = now;
    this.#to = { kind, liveActivity: message.liveActivity };
  }

  path(): string {
    return this.template.path as string;
  }

  body(index: number): Uint8Array {
    const target = this.target(index);
    const at = this.#message.before.length;
    if (this.#arePlain) {
      const body = this.#bodyFor(target.length + 2);
      body.write(target, at + 1, 'latin1');
      return body;
    }
    const json = targetJson(target, this.delivery.kind);
    const body = this.#bodyFor(Buffer.byteLength(json));
    body.write(json, at, 'utf8');
    return body;
  }

  /** One buffer for all targets of the same length, as most are: the pool copies a body at once. @param length of a target, with its quotes */
  #bodyFor(length: number): Buffer {
    const { before, after } = this.#message;
    const size = before.length + length + after.length;
    if (this.#body?.length !== size) {
      this.#body = Buffer.allocUnsafe(size);
      before.copy(this.#body);
      this.#body[before.length] = QUOTE;
      this.#body[before.length + length - 1] = QUOTE;
      after.copy(this.#body, before.length + length);
    }
    return this.#body;
  }

  onResponseIn(index: number, status: number, bytes: Buffer, start: number, end: number, session: number): boolean {
    const name = status === 200 ? messageNameIn(bytes, start, end) : undefined;
    if (name === undefined) return false;
    this.end(index, { kind: 'accepted', providerId: name, session });
    return true;
  }

  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.end(index, fcmOutcome(status, headers, body, this.#to, this.#now, session));
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    this.end(index, fcmFault(fault, session));
  }
}
