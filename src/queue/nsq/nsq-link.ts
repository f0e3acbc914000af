import { setTimeout as sleep } from 'node:timers/promises';
import { background } from '../../kit/background.ts';
import { backoff } from '../../kit/backoff.ts';
import { toError } from '../../kit/errors.ts';
import { NsqConnection, type NsqConnectionOptions, type NsqLimits } from './nsq-connection.ts';

export interface NsqLinkOptions extends Pick<NsqConnectionOptions, 'address' | 'messageTimeoutMs'> {
  readonly onMessage: (message: Parameters<NsqConnectionOptions['onMessage']>[0], link: NsqLink) => void;
  /** After each (re)connection; the link is up when it resolves. */
  readonly prepare: (connection: NsqConnection) => Promise<void>;
  readonly onUp: (link: NsqLink) => void;
  readonly onDown: (link: NsqLink, why: string) => void;
}

const RETRY = { firstMs: 200, maxMs: 5000 };

/** A connection to one nsqd that is opened again whenever it is lost, with growing pauses. */
export class NsqLink {
  readonly #options: NsqLinkOptions;
  #connection: NsqConnection | undefined;
  limits: NsqLimits | undefined;
  /** Messages that nsqd handed out on the present connection and has not heard of again. */
  readonly inFlight = new Set<string>();
  #closed = false;

  constructor(options: NsqLinkOptions) {
    this.#options = options;
    background(this.#open());
  }

  /** The connection while it is up. */
  get connection(): NsqConnection | undefined {
    return this.#connection;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection?.close();
  }

  async #open(): Promise<void> {
    const { prepare, onUp, onDown } = this.#options;
    for (let failures = 0; !this.#closed; failures++) {
      const connection = new NsqConnection({
        ...this.#options,
        onMessage: (message) => {
          this.inFlight.add(message.id);
          this.#options.onMessage(message, this);
        },
        onClose: (error) => this.#lost(error),
      });
      try {
        this.limits = await connection.open();
        await prepare(connection);
        if (this.#closed) {
          await connection.close();
          return;
        }
        this.#connection = connection;
        onUp(this);
        return;
      } catch (error) {
        await connection.close();
        onDown(this, toError(error).message);
        await sleep(50 + backoff(failures, RETRY), undefined, { ref: false });
      }
    }
  }

  #lost(error: Error): void {
    // While it was being prepared, `#open` is at work already.
    if (!this.#connection) return;
    this.#connection = undefined;
    this.inFlight.clear();
    this.#options.onDown(this, error.message);
    background(this.#open());
  }
}
