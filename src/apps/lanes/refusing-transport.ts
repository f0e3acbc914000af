import type { Delivery, Failed, PushTransport, Settle, TransportStatus } from '../../push/push.ts';

/** The transport of a lane whose app has lost its credential while pushes were waiting: tells each of them so. */
export class RefusingTransport implements PushTransport {
  readonly #failed: Failed;

  constructor(failed: Failed) {
    this.#failed = failed;
  }

  send({ targets }: Delivery, settle: Settle): void {
    for (let index = 0; index < targets.length; index++) settle(index, this.#failed);
  }

  status(): TransportStatus {
    return { status: 'pass', sessions: 0, inFlight: 0, capacity: 0 };
  }

  async close(): Promise<void> {}
}
