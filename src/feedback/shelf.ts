import type { ReportKeeper } from '../queue/file/kept-reports.ts';
import type { ReportBacklog, StoredReport } from '../queue/file/report-table.ts';
import type { Share } from './backlog-room.ts';

/** Read from the file at a time; the event loop stands still meanwhile. */
const PORTION = { entries: 256, bytes: 1024 * 1024 };

export interface ShelfOptions {
  readonly app: string;
  /** Its part of the disk. */
  readonly room: Share;
  /** Absent: there is no shelf. */
  readonly keeper: Pick<ReportKeeper, 'keep' | 'from'> | undefined;
}

/**
 * Entries of one app that are in the keeper's file alone, because there is no memory for them. They come back oldest first. While there
 * are any, new ones go there as well: so all that the keeper has of the app from one key on is on the shelf, and nothing before it.
 */
export class Shelf {
  readonly #options: ShelfOptions;
  #entries = 0;
  #bytes = 0;
  /** The first one's key, or a lower one. */
  #from = 0;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#entries;
  }

  /** Whether an entry that the keeper has is one of those on the shelf. */
  holds(key: number): boolean {
    return this.#entries > 0 && key >= this.#from;
  }

  /** Keeps a new entry. False: there is no room, or no shelf. */
  put(id: string, body: string): boolean {
    const { app, room, keeper } = this.#options;
    if (!keeper || !room.take(body.length)) return false;
    this.#count(keeper.keep({ app, id, body }), 1, body.length);
    return true;
  }

  /** Entries that the keeper has already, with keys greater than those of all others of the app. */
  add({ first, entries, bytes }: Omit<ReportBacklog, 'app'>): void {
    this.#options.room.add(entries, bytes);
    this.#count(first, entries, bytes);
  }

  /** Hands over the oldest ones, a portion at most. @param takes false: there is no memory for this one, it stays. @returns whether all were taken */
  hand(takes: (report: StoredReport) => boolean): boolean {
    const { app, keeper } = this.#options;
    const reports = this.#entries > 0 ? (keeper?.from(app, this.#from, PORTION) ?? []) : [];
    for (const report of reports) {
      if (!takes(report)) return false;
      this.#from = report.key + 1;
      this.#count(0, -1, -report.body.length);
    }
    // Were fewer there than were counted, nothing is left.
    if (reports.length === 0) this.#count(0, -this.#entries, 0);
    return true;
  }

  #count(first: number, entries: number, bytes: number): void {
    if (this.#entries === 0) this.#from = first;
    this.#entries += entries;
    // The file counts characters otherwise: what is left with the last entry goes with it.
    const now = this.#entries === 0 ? 0 : Math.max(0, this.#bytes + bytes);
    if (entries < 0) this.#options.room.give(this.#bytes - now, -entries);
    this.#bytes = now;
  }
}
