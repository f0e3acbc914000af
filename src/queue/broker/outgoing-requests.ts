import { toError } from '../../kit/errors.ts';
import { within } from '../../kit/within.ts';
import type { QueueEntry } from '../queue.ts';
import { QueueRefusedError } from '../queue-refused-error.ts';
import { QueueRoom } from '../queue-room.ts';
import type { BacklogEstimate } from './backlog-estimate.ts';
import type { BacklogShares } from './backlog-shares.ts';
import type { Broker } from './broker.ts';
import { messagesOf } from './broker-message.ts';

export interface OutgoingRequestsOptions {
  readonly broker: Broker;
  readonly shares: BacklogShares;
  readonly estimate: BacklogEstimate;
  /** Bytes of all that is on its way; default: any number. */
  readonly maxCost?: number | undefined;
  /** How many apps there are, which share it; default: one. */
  readonly apps?: (() => number) | undefined;
  /** How long the broker has to confirm a request, milliseconds; then the caller is asked to come again. Default: a second. */
  readonly confirmMs?: number | undefined;
  /** Why nothing can be published, as far as is known. */
  readonly trouble: () => string | undefined;
}

const CONFIRM_MS = 1000;

/** Requests that the broker has not confirmed yet. The first ones wait for the first connection. */
export class OutgoingRequests {
  readonly #options: OutgoingRequestsOptions;
  readonly #room: QueueRoom;
  readonly #open = Promise.withResolvers<void>();
  #messages = 0;

  constructor(options: OutgoingRequestsOptions) {
    this.#options = options;
    const { maxCost, apps } = options;
    this.#room = new QueueRoom({ limit: Number.POSITIVE_INFINITY, maxCost, apps });
  }

  /** Messages on their way. */
  get messages(): number {
    return this.#messages;
  }

  /** There is a connection, and it is known how full the queue is. */
  open(): void {
    this.#open.resolve();
  }

  close(): void {
    this.#open.promise.catch(() => {});
    this.#open.reject(new Error('the queue is closed'));
  }

  /** Resolves when the broker has confirmed all messages of a request. @throws QueueRefusedError; rejects with it, too */
  async publish(entries: readonly QueueEntry[]): Promise<void> {
    const { broker, shares, estimate, confirmMs = CONFIRM_MS, trouble } = this.#options;
    const parts = entries.map((entry) => ({ app: entry.app, messages: messagesOf(entry) }));
    const messages = parts.flatMap((part) => part.messages);
    const cost = Math.ceil(messages.reduce((sum, { length }) => sum + length, 0) / entries.length);
    this.#room.take(entries, cost);
    this.#messages += messages.length;
    for (const part of parts) shares.published(part.app, part.messages.length);
    let refused = false;
    try {
      // What has been refused because of its wait for the first connection is not published after it.
      const published = this.#open.promise.then(() => (refused ? undefined : broker.publish(messages)));
      await within(confirmMs, published);
      estimate.published(messages.length);
    } catch (error) {
      refused = true;
      for (const part of parts) shares.published(part.app, -part.messages.length);
      const why = trouble() ?? toError(error).message;
      throw new QueueRefusedError(`${broker.name} did not take the request: ${why}`, 5, { cause: error });
    } finally {
      this.#messages -= messages.length;
      for (const { app } of entries) this.#room.give(app, cost);
    }
  }
}
