import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import type { Broker } from './broker.ts';
import { encodeMessage } from './broker-message.ts';
import type { Held, HeldMessages } from './held-messages.ts';

/** Keeps with the broker how far each message has got, and gives messages back with what is known of them. */
export class HeldProgress {
  readonly #broker: Pick<Broker, 'save' | 'handBack'>;
  readonly #held: HeldMessages;

  constructor(broker: Pick<Broker, 'save' | 'handBack'>, held: HeldMessages) {
    this.#broker = broker;
    this.#held = held;
  }

  /** What cannot be kept now is tried again the next time. */
  save(): void {
    for (const held of this.#held.all()) if (held.dirty) background(this.#saveOne(held), () => {});
  }

  /** Another instance may have the message now. */
  async handBack(held: Held, pauseMs?: number): Promise<void> {
    if (held.dirty) await this.#saveOne(held);
    const { request, notification } = held.entry;
    await this.#broker.handBack(held.id, () => encodeMessage(request, notification, held.done), pauseMs);
  }

  /** Rejects when one could not be given back; the others were. */
  async handAllBack(): Promise<void> {
    const results = await Promise.allSettled(this.#held.all().map((held) => this.handBack(held)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw toError(failed.reason);
  }

  async #saveOne(held: Held): Promise<void> {
    if (!held.done || !this.#broker.save) return;
    held.dirty = false;
    try {
      await this.#broker.save(held.id, held.done);
    } catch (error) {
      held.dirty = true;
      throw error;
    }
  }
}
