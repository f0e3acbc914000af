/**
 * The connection of a queue to its broker, as far as the queue knows.
 *
 * - `connecting`: since the start. Requests wait for the first connection, a second at most. → up; → down.
 * - `up`: messages are published, and come in as far as this instance has room. → down when the connection is lost; → closing.
 * - `down`: the broker tries to get its connection back. Requests are refused at once; what this instance holds goes on, and
 *   is finished once the connection is back. → up; → closed.
 * - `closing`: what is held is handed back with its progress, so that other instances need not wait for it; what comes in, too.
 *   → closed.
 * - `closed`: requests are refused. For good.
 */
import { QueueRefusedError } from '../queue-refused-error.ts';

export interface BrokerLinkOptions {
  /** Of the broker, for messages. */
  readonly name: string;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Pushes that were taken and wait here. */
  readonly waiting: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

type State =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  /** `saidAt`: monotonic milliseconds. */
  | { readonly kind: 'down'; readonly why: string; readonly since: number; readonly saidAt: number }
  | { readonly kind: 'closing' }
  | { readonly kind: 'closed' };

/** While a broker is away it is said once a minute. */
const AGAIN_MS = 60_000;

export class BrokerLink {
  readonly #options: BrokerLinkOptions;
  #state: State = { kind: 'connecting' };

  constructor(options: BrokerLinkOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#state.kind === 'up';
  }

  /** The broker hears what is said to it. */
  get isConnected(): boolean {
    return this.#state.kind === 'up' || this.#state.kind === 'closing';
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closing' || this.#state.kind === 'closed';
  }

  /** Why nothing can be published; undefined: it can, as far as is known. */
  get trouble(): string | undefined {
    const state = this.#state;
    if (state.kind === 'connecting') return 'not connected yet';
    if (state.kind === 'closed') return 'the queue is closed';
    return state.kind === 'down' ? state.why : undefined;
  }

  /** @throws QueueRefusedError when a request need not even wait */
  refuse(): void {
    if (this.isClosed) throw new QueueRefusedError('the queue is closed');
    if (this.#state.kind === 'down') throw new QueueRefusedError(`${this.#options.name}: ${this.#state.why}`, 5);
  }

  connected(): void {
    const { name, now, tell } = this.#options;
    if (this.#state.kind === 'down')
      tell('warn', `${name}: connected again after ${Math.round((now() - this.#state.since) / 1000)} s`);
    this.#setState({ kind: 'up' });
  }

  lost(why: string): void {
    if (this.isClosed) {
      this.#setState({ kind: 'closed' });
      return;
    }
    const { name, now, tell, waiting } = this.#options;
    const at = now();
    const { since, saidAt } =
      this.#state.kind === 'down' ? this.#state : { since: at, saidAt: Number.NEGATIVE_INFINITY };
    const isSaid = at - saidAt < AGAIN_MS;
    this.#setState({ kind: 'down', why, since, saidAt: isSaid ? saidAt : at });
    if (isSaid) return;
    tell('error', `${name}: ${why}; pushes are refused until it is back, ${waiting()} that were taken wait here`);
  }

  /** Says so again when it is time. */
  stillLost(): void {
    if (this.#state.kind === 'down') this.lost(this.#state.why);
  }

  /** @returns whether there is a connection to hand things back over */
  close(): boolean {
    const wasUp = this.isUp;
    this.#setState({ kind: wasUp ? 'closing' : 'closed' });
    return wasUp;
  }

  closed(): void {
    this.#setState({ kind: 'closed' });
  }

  #setState(state: State): void {
    this.#state = state;
  }
}
