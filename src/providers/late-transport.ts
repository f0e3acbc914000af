import { throwLater } from '../kit/background.ts';
import { toError } from '../kit/errors.ts';
import { internalError } from '../push/internal-error.ts';
import type { Delivery, Failed, PushTransport, Settle, TransportStatus } from '../push/push.ts';

interface Waiting {
  readonly delivery: Delivery;
  readonly settle: Settle;
}

const failed = (reason: string, error: string): Failed => ({ kind: 'failed', category: 'not_sent', reason, error });

const CLOSED = failed('ShuttingDown', 'the relay is shutting down');

/** Milliseconds after which a push has what failed tried again. */
const AGAIN_MS = 1000;

/**
 * A transport whose provider is still being imported: the first pushes of an app that is the first to use a provider. States:
 * - waiting: pushes are kept. → open, → broken.
 * - open: pushes are handed on.
 * - broken: it could not be opened (a bad credential, or no file descriptor was free). Pushes fail as not sent; the first one
 *   after a second has it tried again. → waiting.
 * Each → closed.
 */
export class LateTransport implements PushTransport {
  readonly #build: () => Promise<PushTransport>;
  readonly #now: () => number;
  #opening: Promise<void>;
  #brokenAt = 0;
  #waiting: Waiting[] = [];
  #transport: PushTransport | undefined;
  #failure: Failed | undefined;
  #closed = false;

  /** @param build imports and opens. @param now monotonic milliseconds */
  constructor(build: () => Promise<PushTransport>, now: () => number = () => performance.now()) {
    this.#build = build;
    this.#now = now;
    this.#opening = this.#attempt();
  }

  send(delivery: Delivery, settle: Settle): void {
    if (this.#transport) this.#transport.send(delivery, settle);
    else if (this.#closed) fail({ delivery, settle }, CLOSED);
    else if (this.#failure && this.#now() - this.#brokenAt < AGAIN_MS) fail({ delivery, settle }, this.#failure);
    else {
      this.#waiting.push({ delivery, settle });
      if (this.#failure) this.#opening = this.#attempt();
    }
  }

  status(): TransportStatus {
    if (this.#transport) return this.#transport.status();
    const inFlight = this.#waiting.reduce((sum, { delivery }) => sum + delivery.targets.length, 0);
    const nothing = { sessions: 0, inFlight, capacity: 0 };
    return this.#failure ? { ...nothing, status: 'fail', output: this.#failure.error } : { ...nothing, status: 'pass' };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#end(CLOSED);
    await this.#opening;
    await this.#transport?.close();
  }

  async #attempt(): Promise<void> {
    this.#failure = undefined;
    try {
      this.#open(await this.#build());
    } catch (error) {
      this.#brokenAt = this.#now();
      this.#end(failed('CredentialUnusable', `the credential cannot be used: ${toError(error).message}`));
    }
  }

  #open(transport: PushTransport): void {
    this.#transport = transport;
    for (const waiting of this.#taken()) hand(transport, waiting);
  }

  #end(failure: Failed): void {
    this.#failure ??= failure;
    for (const waiting of this.#taken()) fail(waiting, failure);
  }

  #taken(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** No lane is there any more that would catch what it throws. */
function hand(transport: PushTransport, waiting: Waiting): void {
  try {
    transport.send(waiting.delivery, waiting.settle);
  } catch (error) {
    throwLater(error);
    fail(waiting, internalError(error));
  }
}

function fail({ delivery, settle }: Waiting, failure: Failed): void {
  for (let index = 0; index < delivery.targets.length; index++) settle(index, failure);
}
