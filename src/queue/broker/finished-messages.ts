import { background } from '../../kit/background.ts';
import type { Broker } from './broker.ts';
import { RecentIds } from './recent-ids.ts';

/** Tells the broker of finished messages: those of one turn of the event loop together, and again until it has confirmed. */
export class FinishedMessages {
  readonly #broker: Pick<Broker, 'finish'>;
  readonly #isUp: () => boolean;
  readonly #onConfirmed: (count: number) => void;
  /** The broker may hand them over once more when it missed that they are finished. */
  readonly #recent = new RecentIds();
  #ids: string[] = [];
  #finishing: Promise<void> | undefined;

  constructor(broker: Pick<Broker, 'finish'>, isUp: () => boolean, onConfirmed: (count: number) => void) {
    this.#broker = broker;
    this.#isUp = isUp;
    this.#onConfirmed = onConfirmed;
  }

  add(id: string): void {
    this.#recent.add(id);
    this.#push(id);
  }

  /** True for a message that was finished not long ago; it is acknowledged again. */
  again(id: string): boolean {
    if (!this.#recent.has(id)) return false;
    this.#push(id);
    return true;
  }

  async flush(): Promise<void> {
    await this.#finishing;
    const ids = this.#ids;
    if (ids.length === 0 || !this.#isUp()) return;
    this.#ids = [];
    this.#finishing = this.#tell(ids);
    await this.#finishing;
  }

  async #tell(ids: string[]): Promise<void> {
    try {
      await this.#broker.finish(ids);
    } catch {
      this.#ids = [...ids, ...this.#ids];
      return;
    }
    this.#onConfirmed(ids.length);
  }

  #push(id: string): void {
    this.#ids.push(id);
    if (this.#ids.length === 1) setImmediate(() => background(this.flush()));
  }
}
