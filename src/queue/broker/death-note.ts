/**
 * What a broker keeps beside a message about the deaths of instances that had it (src/queue/file/deaths.ts), as one short text. Nothing
 * is kept of a message that is handed over for the first time, nor looked for: nearly all are finished then.
 *
 * - none: no instance is known to have died with it; handed over again, the one that had it has.
 * - `0`: it was handed back in order. The next one that gets it removes the note.
 * - `1`: handed over again, one more has died with it: it is not known who had what in hand.
 * - `n` (2 or more): it waits, and an instance that dies had it not in hand.
 * - `n!`: it is in hand.
 */
import { HELD_FROM } from '../file/deaths.ts';

/** The deaths of a message that is handed over again, when `note` was kept beside it. */
export function deathsWith(note: string | undefined): number {
  if (note === undefined) return 1;
  const deaths = Number.parseInt(note, 10);
  if (!(deaths > 0)) return 0;
  return deaths < HELD_FROM || note.endsWith('!') ? deaths + 1 : deaths;
}

/** What is kept of a message while it waits at an instance; undefined: nothing. */
export const waitingNote = (deaths: number): string | undefined => (deaths > 0 ? String(deaths) : undefined);

export const inHandNote = (deaths: number): string => `${deaths}!`;

/** What is kept of one that is handed back in order. */
export const handedBackNote = (deaths: number): string => (deaths < HELD_FROM ? '0' : String(deaths));
