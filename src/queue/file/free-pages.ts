import type { DatabaseSync } from 'node:sqlite';

/** Free pages that a file may have; what is beyond goes back to the disk, so many pages at a time. */
const SPARE_PAGES = 512;
const SHRINK_PAGES = 128;
const FIRST_AID_PAGES = 8;
/** The event loop stands still meanwhile. */
const MAKE_ROOM_MS = 50;

/** Gives a part of what is free in the file back to the disk, when there is much of it. */
export function shrink(db: DatabaseSync): void {
  if (freePages(db) > SPARE_PAGES) db.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
}

/**
 * Gives what is free back to a disk that has no room, in steps so small that they fit into next to nothing.
 * @returns false when there is more to give. @throws when not even that fits.
 */
export function makeRoom(db: DatabaseSync): boolean {
  const until = performance.now() + MAKE_ROOM_MS;
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  while (freePages(db) > 0) {
    if (performance.now() > until) return false;
    db.exec(`PRAGMA incremental_vacuum(${FIRST_AID_PAGES}); PRAGMA wal_checkpoint(TRUNCATE)`);
  }
  return true;
}

/** A file whose rows take more is not rewritten while it is in use. */
const MOST_SCRUBBED_PAGES = 4096;

/**
 * Rewrites the file, so that no byte is left of what was deleted; the event loop stands still meanwhile.
 * @returns false when the file is too large for that now
 */
export function scrub(db: DatabaseSync): boolean {
  const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
  if (page_count - freePages(db) > MOST_SCRUBBED_PAGES) return false;
  db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  return true;
}

const freePages = (db: DatabaseSync): number =>
  (db.prepare('PRAGMA freelist_count').get() as { freelist_count: number }).freelist_count;
