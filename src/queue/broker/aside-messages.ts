import { toError } from '../../kit/errors.ts';
import type { AsideReason } from '../file/set-aside.ts';
import type { Broker, BrokerMessage } from './broker.ts';

export interface AsideMessagesOptions {
  readonly broker: Pick<Broker, 'name' | 'setAside'>;
  /** It is kept aside, or cannot be: the broker may forget it. */
  readonly done: (id: string) => void;
  readonly tell: (level: 'error', message: string) => void;
}

interface Going {
  readonly message: BrokerMessage;
  readonly reason: AsideReason;
  tries: number;
  /** Under way. */
  move: Promise<void> | undefined;
}

/** A broker that refuses to keep something aside is asked this often, at each look; then the message is removed all the same. */
const MOST_TRIES = 20;

/** Messages that were reported as failed, on their way to where the broker keeps such: not forgotten before they are there. */
export class AsideMessages {
  readonly #options: AsideMessagesOptions;
  readonly #going = new Map<string, Going>();

  constructor(options: AsideMessagesOptions) {
    this.#options = options;
  }

  has(id: string): boolean {
    return this.#going.has(id);
  }

  ids(): string[] {
    return [...this.#going.keys()];
  }

  async add(message: BrokerMessage, reason: AsideReason): Promise<void> {
    const going = { message, reason, tries: 0, move: undefined };
    this.#going.set(message.id, going);
    await this.#move(going);
  }

  /** Tries again what could not be kept. */
  async flush(): Promise<void> {
    await Promise.all([...this.#going.values()].map((going) => this.#move(going)));
  }

  #move(going: Going): Promise<void> {
    going.move ??= this.#try(going).finally(() => {
      going.move = undefined;
    });
    return going.move;
  }

  async #try(going: Going): Promise<void> {
    const { broker, done, tell } = this.#options;
    const { id, body, deaths = 0 } = going.message;
    going.tries++;
    try {
      await broker.setAside({ id, body: Buffer.from(body), reason: going.reason, deaths, at: Date.now() });
    } catch (error) {
      if (going.tries < MOST_TRIES) return;
      tell('error', `${broker.name}: message ${id} cannot be kept aside, and is removed: ${toError(error).message}`);
    }
    this.#going.delete(id);
    done(id);
  }
}
