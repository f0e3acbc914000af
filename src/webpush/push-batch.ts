import type { Burst, RequestTemplate, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import type { Failed, Settle } from '../push/push.ts';
import type { VapidPair } from './credentials.ts';
import { OVERHEAD } from './encryption/encrypt.ts';
import { AUTH, RECEIVER } from './encryption/encryption-task.ts';
import type { WebPushMessage } from './payload.ts';
import type { Subscription } from './subscription.ts';

/** Pushes of one delivery to one origin under one pair: they are encrypted in one task and leave as one burst. */
export interface PushBatch {
  readonly message: WebPushMessage;
  readonly pair: VapidPair;
  /** Pairs that the push service has refused for these subscriptions before. */
  readonly refused: readonly VapidPair[];
  readonly subscriptions: readonly Subscription[];
  /** Of each subscription among the targets of the delivery. */
  readonly places: readonly number[];
  readonly settle: Settle;
}

/** Encrypted in one task: some 5 ms of a thread, so that the tasks of other lanes come in between. */
export const MOST_IN_BATCH = 64;

/** All of a batch comes to the same end, unsent. */
export function failAll({ places, settle }: PushBatch, outcome: Failed): void {
  for (const place of places) settle(place, outcome);
}

/** The receivers of a batch as the thread wants them, in memory that can be handed over. */
export function packReceivers(subscriptions: readonly Subscription[]): Uint8Array {
  const keys = new Uint8Array(new ArrayBuffer(subscriptions.length * RECEIVER));
  for (const [index, { p256dh, auth }] of subscriptions.entries()) {
    keys.set(p256dh, index * RECEIVER);
    keys.set(auth, index * RECEIVER + AUTH);
  }
  return keys;
}

/** Who hears what became of the pushes of a burst. */
export interface BurstOwner {
  onAnswer(
    burst: PushBurst,
    index: number,
    status: number,
    headers: ResponseHeaders,
    body: Buffer,
    session: number,
  ): void;
  onFault(burst: PushBurst, index: number, fault: StreamFault, session?: number): void;
}

/** A batch that is encrypted, less those that could not be: one object for all, until the last has its answer. */
export class PushBurst implements Burst {
  readonly template: RequestTemplate;
  readonly count: number;
  readonly batch: PushBatch;
  /** The `authorization` that it is sent with. */
  readonly authorization: string;
  readonly #bodies: Uint8Array;
  readonly #size: number;
  readonly #owner: BurstOwner;
  /** Indexes within the batch; absent: all of it. */
  readonly #indexes: readonly number[] | undefined;

  constructor(
    batch: PushBatch,
    template: RequestTemplate,
    authorization: string,
    encrypted: { readonly bodies: Uint8Array; readonly bad: readonly number[] },
    owner: BurstOwner,
  ) {
    this.batch = batch;
    this.template = template;
    this.authorization = authorization;
    this.#owner = owner;
    this.#bodies = encrypted.bodies;
    this.#size = batch.message.plaintext.length + OVERHEAD;
    const bad = new Set(encrypted.bad);
    this.#indexes = bad.size === 0 ? undefined : [...batch.places.keys()].filter((index) => !bad.has(index));
    this.count = this.#indexes?.length ?? batch.places.length;
  }

  #within(index: number): number {
    return this.#indexes ? (this.#indexes[index] as number) : index;
  }

  subscription(index: number): Subscription {
    return this.batch.subscriptions[this.#within(index)] as Subscription;
  }

  place(index: number): number {
    return this.batch.places[this.#within(index)] as number;
  }

  path(index: number): string {
    return this.subscription(index).path;
  }

  body(index: number): Uint8Array {
    const at = this.#within(index) * this.#size;
    return this.#bodies.subarray(at, at + this.#size);
  }

  onResponse(index: number, status: number, headers: ResponseHeaders, body: Buffer, session: number): void {
    this.#owner.onAnswer(this, index, status, headers, body, session);
  }

  onFault(index: number, fault: StreamFault, session?: number): void {
    this.#owner.onFault(this, index, fault, session);
  }
}
