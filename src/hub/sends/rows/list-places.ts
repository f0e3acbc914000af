import { prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import { placeAfter } from '../../words/place.ts';

const latest = prepared((db, { app }: { readonly app: string }) =>
  db.selectFrom('notifications').select('place').where('app', '=', app).orderBy('place', 'desc').limit(1),
);

/**
 * Places of notifications, and of what people have of them in their inboxes. They rise within a process, and begin behind what the store
 * has: a clock that was set back while nothing ran puts nothing new below what is old.
 */
export class ListPlaces {
  readonly #now: () => number;
  readonly #last = new Map<string, number>();

  /** @param now UNIX milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** In the transaction, before the first place is taken in it. */
  async begin(tx: HubDb, app: string): Promise<void> {
    if (this.#last.has(app)) return;
    const [row] = await latest(tx, { app });
    this.#last.set(app, Math.max(this.#last.get(app) ?? 0, row?.place ?? 0));
  }

  next(app: string): number {
    const place = placeAfter(this.#last.get(app) ?? 0, this.#now());
    this.#last.set(app, place);
    return place;
  }
}
