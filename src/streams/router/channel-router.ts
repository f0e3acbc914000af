import { randomUUID } from 'node:crypto';
import type { StreamRouter, WakeUp } from './stream-router.ts';
import { readWakeMessage } from './wake-message.ts';
import { WakeOutbox } from './wake-outbox.ts';

/** What reaches all other processes of one machine. */
export interface WakeChannel {
  /** Resolves when it has left this process. */
  send(text: string): Promise<void>;
  /** The one who hears; once. */
  listen(hear: (text: string) => void): void;
}

/** Wake-ups between the workers of one machine, through their primary. */
export class ChannelRouter implements StreamRouter {
  readonly #own = randomUUID();
  readonly #channel: WakeChannel;
  readonly #outbox: WakeOutbox;
  #isClosed = false;

  constructor(channel: WakeChannel) {
    this.#channel = channel;
    this.#outbox = new WakeOutbox({ from: this.#own, post: (text) => channel.send(text) });
  }

  send(wakeUps: readonly WakeUp[]): void {
    this.#outbox.add(wakeUps);
  }

  listen(hear: (wakeUps: readonly WakeUp[]) => void): void {
    this.#channel.listen((text) => {
      const message = readWakeMessage(text);
      if (message && message.from !== this.#own && !this.#isClosed) hear(message.wakeUps);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#outbox.close();
  }
}
