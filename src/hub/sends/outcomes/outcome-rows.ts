/** Writes what became of pushes to their decisions, by the way that the store is good at. */
import type { RollNotes } from '../../analytics/roll-notes.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { ChangedDecision } from './changed-decision.ts';
import { writeCounted } from './count-changes.ts';
import type { Alike } from './ended-alike.ts';
import { writeReturned } from './return-changes.ts';

/** @returns the decisions that were changed: an outcome that comes twice changes none the second time */
export const writeEnded = (tx: HubDb, ended: Alike, notes: RollNotes): Promise<ChangedDecision[]> =>
  ended.isCounted ? writeCounted(tx, ended, notes) : writeReturned(tx, ended, notes);
