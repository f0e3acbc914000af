import { background } from '../../kit/background.ts';
import type { Delivery, Failed, Outcome, PushTransport, Settle, TransportStatus } from '../../push/push.ts';

/** Builds a transport. @throws when the credential cannot be used. */
export type BuildTransport = () => PushTransport;

export interface AppTransportOptions {
  readonly build: BuildTransport;
  /** The apns-topic of notifications without one; empty: none. */
  readonly defaultTopic?: string;
  /** Pushes are about to go out. */
  readonly onUse?: () => void;
  /** A transport was built for pushes that go out now. */
  readonly onOpen?: () => void;
  /** Nothing is under way any more on the connections in use. */
  readonly onIdle?: () => void;
  /** Milliseconds until a transport that was replaced is closed whatever is still under way. */
  readonly drainMs: number;
  readonly now?: () => number;
}

/** A transport, and the pushes that were handed to it and have no outcome. */
class Open {
  readonly transport: PushTransport;
  inFlight = 0;
  /** It was replaced, and nothing is under way on it any more, or need be waited for. */
  finish: (() => void) | undefined;

  constructor(transport: PushTransport) {
    this.transport = transport;
  }
}

const IDLE: TransportStatus = Object.freeze({ status: 'pass', sessions: 0, inFlight: 0, capacity: 0 });
const CLOSED: Failed = Object.freeze({
  kind: 'failed',
  category: 'not_sent',
  reason: 'ShuttingDown',
  error: 'the relay is shutting down',
});

/** A credential may be mended before the push is too old, and the provider has provably not seen it. */
const unusable = (error: unknown): Failed => ({
  kind: 'failed',
  category: 'not_sent',
  reason: 'CredentialUnusable',
  error: `the credential cannot be used: ${error instanceof Error ? error.message : String(error)}`,
});

/** Reading a credential may take as long as sending a thousand pushes: what has failed is not tried again for each of them. */
const TRY_AGAIN_MS = 100;

/**
 * The transport of a lane, whatever its credential is just now: built with the first push, closed while it is not needed, and
 * replaced by one with another credential while the old one finishes what it has. Idle → open → (draining →) idle, or closed.
 */
export class AppTransport implements PushTransport {
  readonly #options: AppTransportOptions;
  #build: BuildTransport;
  #defaultTopic: string;
  #open: Open | undefined;
  #failure: Failed | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;
  #closed = false;
  readonly #draining = new Map<Open, Promise<void>>();

  constructor(options: AppTransportOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#build = options.build;
    this.#defaultTopic = options.defaultTopic ?? '';
  }

  /** True when it holds connections, or could. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Pushes without an outcome. */
  get inFlight(): number {
    let sum = this.#open?.inFlight ?? 0;
    for (const open of this.#draining.keys()) sum += open.inFlight;
    return sum;
  }

  send(delivery: Delivery, settle: Settle): void {
    if (this.#closed) {
      settleAll(delivery, settle, CLOSED);
      return;
    }
    const isNew = this.#open === undefined;
    const open = this.#opened();
    if (!open) {
      settleAll(delivery, settle, this.#failure as Failed);
      return;
    }
    // Before the cache looks for connections to close: these are in use.
    open.inFlight += delivery.targets.length;
    this.#options.onUse?.();
    if (isNew) this.#options.onOpen?.();
    open.transport.send(this.#withTopic(delivery), (index, outcome) => {
      open.inFlight--;
      settle(index, outcome);
      if (open.inFlight > 0) return;
      open.finish?.();
      this.#options.onIdle?.();
    });
  }

  /** Undefined when it cannot be built; `#failure` says why. */
  #opened(): Open | undefined {
    if (this.#failure && this.#now() - this.#failedAt < TRY_AGAIN_MS) return undefined;
    try {
      return this.open();
    } catch {
      return undefined;
    }
  }

  /** Builds the transport if there is none. @throws what `build` throws; `status` tells that from then on. */
  open(): Open {
    if (this.#open) return this.#open;
    try {
      this.#open = new Open(this.#build());
    } catch (error) {
      this.#failure = unusable(error);
      this.#failedAt = this.#now();
      throw error;
    }
    this.#failure = undefined;
    return this.#open;
  }

  status(): TransportStatus {
    if (this.#open) return this.#open.transport.status();
    return this.#failure ? { ...IDLE, status: 'fail', output: this.#failure.error } : IDLE;
  }

  /**
   * From now on pushes go out by what `build` makes; what is under way ends as it began. Where connections are open, the new
   * transport is built at once: when that fails, everything stays as it is.
   * @throws what `build` throws.
   */
  replace(build: BuildTransport, defaultTopic = ''): void {
    const old = this.#open;
    const next = old && new Open(build());
    this.#build = build;
    this.#defaultTopic = defaultTopic;
    this.#failure = undefined;
    this.#open = next;
    if (old) this.#drain(old);
  }

  /** Closes the connections if nothing is under way. False when something is. */
  release(): boolean {
    const open = this.#open;
    if (!open) return true;
    if (open.inFlight > 0) return false;
    this.#open = undefined;
    this.#drain(open);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = this.#open;
    this.#open = undefined;
    for (const draining of this.#draining.keys()) draining.finish?.();
    await Promise.all([open?.transport.close(), ...this.#draining.values()]);
  }

  #withTopic(delivery: Delivery): Delivery {
    const { notification } = delivery;
    if (this.#defaultTopic === '' || notification.topic) return delivery;
    return { ...delivery, notification: { ...notification, topic: this.#defaultTopic } };
  }

  #drain(open: Open): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    open.finish = resolve;
    const timer = setTimeout(resolve, this.#options.drainMs).unref();
    if (open.inFlight === 0) resolve();
    const closed = promise.then(async () => {
      clearTimeout(timer);
      await open.transport.close();
      this.#draining.delete(open);
    });
    this.#draining.set(open, closed);
    background(closed);
  }
}

function settleAll({ targets }: Delivery, settle: Settle, outcome: Outcome): void {
  for (let index = 0; index < targets.length; index++) settle(index, outcome);
}
