import { toError } from '../kit/errors.ts';
import type { Delivery, Failed, PushTransport, Settle, TransportStatus } from '../push/push.ts';

interface Waiting {
  readonly delivery: Delivery;
  readonly settle: Settle;
}

const failed = (reason: string, error: string): Failed => ({ kind: 'failed', category: 'not_sent', reason, error });

const CLOSED = failed('ShuttingDown', 'the relay is shutting down');

/**
 * A transport whose provider is still being imported: the first pushes of an app that is the first to use a provider. States:
 * waiting (pushes are kept) → open (pushes are handed on) or broken (they fail as not sent, and are tried again), → closed.
 */
export class LateTransport implements PushTransport {
  readonly #opening: Promise<void>;
  #waiting: Waiting[] = [];
  #transport: PushTransport | undefined;
  #failure: Failed | undefined;
  #closed = false;

  constructor(opening: Promise<PushTransport>) {
    this.#opening = opening.then(
      (transport) => this.#open(transport),
      (error) => this.#end(failed('CredentialUnusable', `the credential cannot be used: ${toError(error).message}`)),
    );
  }

  send(delivery: Delivery, settle: Settle): void {
    if (this.#transport) this.#transport.send(delivery, settle);
    else if (this.#closed) fail({ delivery, settle }, CLOSED);
    else if (this.#failure) fail({ delivery, settle }, this.#failure);
    else this.#waiting.push({ delivery, settle });
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

  #open(transport: PushTransport): void {
    this.#transport = transport;
    for (const { delivery, settle } of this.#taken()) transport.send(delivery, settle);
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

function fail({ delivery, settle }: Waiting, failure: Failed): void {
  for (let index = 0; index < delivery.targets.length; index++) settle(index, failure);
}
