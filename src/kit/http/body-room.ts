/**
 * The request bodies that are being received, over all connections and listeners: how much memory they take together, how much of
 * it one caller has, and whether they arrive at all. Ten thousand callers with half a body each are stopped by it, whatever
 * each of them alone may send.
 */
export interface BodyRoomOptions {
  /** Bytes of all bodies together. One caller may have a quarter of it. */
  readonly maxBytes: number;
  /** Milliseconds between two looks for bodies that arrive too slowly; default 1,000. */
  readonly everyMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** A socket, as far as its speed is concerned. */
export interface ReceivingConnection {
  readonly bytesRead: number;
}

interface RoomWaiter {
  readonly who: string;
  readonly bytes: number;
  readonly go: () => void;
}

/** Of all bodies together, what those of one caller may be. */
export const BODY_SHARE = 0.25;
/** Bytes of each body that are not counted: connections are limited, and most bodies are no longer. */
const UNCOUNTED = 16 * 1024;
/** Bytes a second that must have arrived on the average, after the first seconds. */
const LEAST_PER_SECOND = 1024;
const FIRST_SECONDS = 10;

const MS = 1000;

export class BodyRoom {
  readonly #maxBytes: number;
  readonly #now: () => number;
  readonly #open = new Set<OpenBody>();
  readonly #byCaller = new Map<string, number>();
  /** First come, first served, as far as there is room for each. */
  readonly #waiting: RoomWaiter[] = [];
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;

  constructor({ maxBytes, everyMs = MS, now = () => performance.now() }: BodyRoomOptions) {
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#timer = setInterval(() => this.sweep(), everyMs).unref();
  }

  /** Bytes that are counted now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that one caller may have. */
  get mostOfCaller(): number {
    return Math.floor(this.#maxBytes * BODY_SHARE);
  }

  /**
   * A body begins to arrive.
   * @param who whose share it takes: a key's name, or an address
   * @param connection what it arrives by: of several bodies the client may send one after the other
   * @param tooSlow called once when the connection is so slow that the body is given up
   */
  open(who: string, connection: ReceivingConnection, tooSlow: () => void): OpenBody {
    const body = new OpenBody(this, who, connection, this.#now(), tooSlow);
    this.#open.add(body);
    return body;
  }

  /** Ends what arrives too slowly. */
  sweep(): void {
    const now = this.#now();
    for (const body of this.#open) {
      const seconds = (now - body.since) / MS - FIRST_SECONDS;
      if (seconds > 0 && body.arrivedByConnection < seconds * LEAST_PER_SECOND) body.giveUp();
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** False when there is no room. */
  take(who: string, bytes: number): boolean {
    const own = this.#byCaller.get(who) ?? 0;
    if (this.#bytes + bytes > this.#maxBytes || own + bytes > this.mostOfCaller) return false;
    this.#bytes += bytes;
    this.#byCaller.set(who, own + bytes);
    return true;
  }

  give(who: string, bytes: number): void {
    if (bytes === 0) return;
    const own = (this.#byCaller.get(who) ?? 0) - bytes;
    this.#bytes -= bytes;
    if (own > 0) this.#byCaller.set(who, own);
    else this.#byCaller.delete(who);
    for (const waiter of this.#waiting.splice(0)) {
      if (this.take(waiter.who, waiter.bytes)) waiter.go();
      else this.#waiting.push(waiter);
    }
  }

  /** Resolves when there is room, which is then taken. @param bytes no more than `mostOfCaller` */
  whenFree(who: string, bytes: number): Promise<void> {
    if (this.take(who, bytes)) return Promise.resolve();
    return new Promise((go) => this.#waiting.push({ who, bytes, go }));
  }

  forget(body: OpenBody): void {
    this.#open.delete(body);
  }
}

/** A body on its way. */
class OpenBody {
  readonly since: number;
  readonly #connection: ReceivingConnection;
  readonly #readBefore: number;
  #received = 0;
  readonly #room: BodyRoom;
  readonly #who: string;
  readonly #tooSlow: () => void;
  #taken = 0;

  constructor(room: BodyRoom, who: string, connection: ReceivingConnection, since: number, tooSlow: () => void) {
    this.#connection = connection;
    this.#readBefore = connection.bytesRead;
    this.#room = room;
    this.#who = who;
    this.since = since;
    this.#tooSlow = tooSlow;
  }

  get arrivedByConnection(): number {
    return this.#connection.bytesRead - this.#readBefore;
  }

  /** A part has arrived. False when there is no room for it: then the body is given up. */
  arrived(bytes: number): boolean {
    this.#received += bytes;
    const more = Math.max(0, this.#received - UNCOUNTED) - this.#taken;
    if (more <= 0) return true;
    if (!this.#room.take(this.#who, more)) {
      this.end();
      return false;
    }
    this.#taken += more;
    return true;
  }

  giveUp(): void {
    this.end();
    this.#tooSlow();
  }

  /** It is complete, or given up. May be called again. */
  end(): void {
    this.#room.forget(this);
    this.#room.give(this.#who, this.#taken);
    this.#taken = 0;
  }
}

export type { OpenBody };
