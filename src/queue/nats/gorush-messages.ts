import { setTimeout as sleep } from 'node:timers/promises';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { background } from '../../kit/background.ts';
import { backoff } from '../../kit/backoff.ts';
import type { NatsStream } from './nats-stream.ts';

export interface GorushMessagesOptions {
  /** Gorush's own subject and queue group. */
  readonly subj: string;
  readonly queue: string;
  readonly stream: Pick<NatsStream, 'publish'>;
  readonly tell: (level: 'error', message: string) => void;
  readonly isClosed: () => boolean;
}

/** Messages that wait to be stored; a Gorush's NATS keeps none, so more are lost as they would be there. */
const MOST_FORWARDED = 10_000;
const RETRY = { firstMs: 100, maxMs: 5000 };

/** What a Gorush still publishes, without JetStream: taken in its own queue group, so that each message goes to it or to us, and stored. */
export class GorushMessages {
  readonly #options: GorushMessagesOptions;
  #forwarding = 0;

  constructor(options: GorushMessagesOptions) {
    this.#options = options;
  }

  forward(nc: NatsConnection): void {
    const { subj, queue } = this.#options;
    nc.subscribe(subj, { queue, callback: (error, message) => background(error ? undefined : this.#store(message)) });
  }

  async #store(message: Msg): Promise<void> {
    const { stream, tell, isClosed } = this.#options;
    if (this.#forwarding >= MOST_FORWARDED) {
      tell('error', `lost a message that a Gorush published: ${MOST_FORWARDED} wait to be stored`);
      return;
    }
    this.#forwarding++;
    for (let failures = 0; !isClosed(); failures++) {
      try {
        await stream.publish([message.data]);
        break;
      } catch {
        await pause(failures);
      }
    }
    this.#forwarding--;
  }
}

export const pause = (failures: number): Promise<void> =>
  sleep(50 + backoff(failures, RETRY), undefined, { ref: false }) as Promise<void>;
