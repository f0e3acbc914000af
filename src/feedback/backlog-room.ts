export interface RoomOptions {
  /** Entries that may wait in all backlogs together, and their characters. */
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Whether so many characters in all are too many now; default: never. */
  readonly isShort?: (bytes: number) => boolean;
}

/** One backlog's part of the room. */
export interface Share {
  /** Takes room for one entry, unless there is none. */
  take(bytes: number): boolean;
  /** Takes it whether there is any or not: they are there already. */
  add(entries: number, bytes: number): void;
  give(bytes: number, entries?: number): void;
}

interface Used {
  entries: number;
  bytes: number;
}

/** What each share may hold however full the rest is, of the whole; where many hold something, their equal part of what is kept for all. */
const RESERVE = 0.01;
const KEPT = 0.25;

const hasRoom = (
  { entries, bytes }: Used,
  more: number,
  { maxEntries, maxBytes }: RoomOptions,
  part: number,
): boolean => entries + 1 <= maxEntries * part && bytes + more <= maxBytes * part;

/**
 * The memory that all backlogs share, or the part of the disk. Each may take a part of it at most, and has a small reserve that the others cannot take
 * away: however many hooks hang, another one's entries find room.
 */
export class BacklogRoom {
  readonly #limits: RoomOptions;
  readonly #all: Used = { entries: 0, bytes: 0 };
  /** Shares that hold something. */
  #holders = 0;

  constructor(limits: RoomOptions) {
    this.#limits = limits;
  }

  /** @param part what it may hold at most, of the whole: 0 to 1. */
  share(part: number): Share {
    const limits = this.#limits;
    const all = this.#all;
    const own: Used = { entries: 0, bytes: 0 };
    const reserve = (): number => Math.min(RESERVE, KEPT / (this.#holders + (own.entries === 0 ? 1 : 0)));
    const count = (entries: number, bytes: number): void => {
      const before = own.entries;
      for (const used of [own, all]) {
        used.entries += entries;
        used.bytes += bytes;
      }
      if (before === 0 || own.entries === 0) this.#holders += Math.sign(entries);
    };
    return {
      take(bytes) {
        if (limits.isShort?.(all.bytes + bytes)) return false;
        const fits = hasRoom(own, bytes, limits, part) && hasRoom(all, bytes, limits, 1);
        if (!fits && !hasRoom(own, bytes, limits, reserve())) return false;
        count(1, bytes);
        return true;
      },
      add: count,
      give: (bytes, entries = 1) => count(-entries, -bytes),
    };
  }
}
