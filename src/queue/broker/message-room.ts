import { QueueRoom, type QueueRoomOptions } from '../queue-room.ts';

/** With each message the largest one lately counts so much less, so that one of long ago decides nothing. */
const FADING = 0.98;
const LEAST_COST = 1024;

/** How many messages this instance may hold, of all apps together and of each, counted in what they take of the heap as well. */
export class MessageRoom {
  readonly #room: QueueRoom;
  readonly #maxCost: number;
  readonly #apps: () => number;
  /** What the next message may cost. */
  #expected = LEAST_COST;

  constructor(options: QueueRoomOptions) {
    this.#room = new QueueRoom(options);
    this.#apps = options.apps ?? (() => 1);
    this.#maxCost = options.maxCost ?? Number.POSITIVE_INFINITY;
  }

  /** False when the message has to go back: its app holds its share, or there is no memory for it. */
  take(app: string, cost: number): boolean {
    this.#expected = Math.max(cost, this.#expected * FADING, LEAST_COST);
    if (!this.#room.fits(app, cost)) return false;
    this.#room.add(app, cost);
    return true;
  }

  give(app: string, cost: number): void {
    this.#room.give(app, cost);
  }

  /**
   * How many messages like those of late the memory has room for. One at least when it is empty, or when there are several apps:
   * the next message may be of one that has its reserve left.
   */
  get left(): number {
    const { notifications, cost } = this.#room.held;
    const least = notifications === 0 || this.#apps() > 1 ? 1 : 0;
    return Math.max(least, Math.floor((this.#maxCost - cost) / this.#expected));
  }
}
