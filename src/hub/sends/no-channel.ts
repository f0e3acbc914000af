/**
 * Reports about people whom nothing can reach: a timer for each, written in the transaction that decides, whose work hands it to the
 * feedback hook of the app. So a process that dies in between leaves it to the next one, and a hook that takes nothing fills no memory.
 */
import type { HubDb, HubStore } from '../storage/storage.ts';
import { type ClaimedDue, type Due, finishAllDue, putOffDue, setDue } from '../timers/due-rows.ts';
import { personOf } from './person-due.ts';

/** A person whom a notification could not reach in any way. */
export interface Unreached {
  readonly app: string;
  readonly notification: string;
  readonly user: string;
  /** Of the first way that it was to go; one of `hubReasons`. */
  readonly reason: string;
}

/** The feedback hooks of the apps. */
export interface NoChannelHook {
  /** Whether the app has one. */
  hears(app: string): boolean;
  /** Entries that wait for it. */
  waiting(app: string): number;
  tell(unreached: Unreached): void;
}

export const NO_CHANNEL_DUE = 'no-channel';

/** As long as so many wait for a hook, no more are given to it, for at most as long as its entries wait. */
const MOST_WAITING = 1000;
const PUT_OFF_MS = 5000;
const PATIENCE_MS = 3_600_000;

interface Noted {
  readonly reason: string;
  /** UNIX milliseconds. */
  readonly at: number;
}

const dueOf = ({ app, notification, user, reason }: Unreached, now: number): Due => ({
  ...{ app, kind: NO_CHANNEL_DUE, ref: JSON.stringify([notification, user]), at: now },
  data: JSON.stringify({ reason, at: now } satisfies Noted),
});

/** In the transaction that decides. @returns whether there is anything to tell */
export async function noteUnreached(
  tx: HubDb,
  hook: NoChannelHook | undefined,
  unreached: readonly Unreached[],
  now: number,
): Promise<boolean> {
  const heard = unreached.filter(({ app }) => hook?.hears(app));
  await setDue(
    tx,
    heard.map((each) => dueOf(each, now)),
  );
  return heard.length > 0;
}

export interface NoChannelWorkParts {
  readonly store: HubStore;
  readonly hook: NoChannelHook;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** The work of timers of the kind NO_CHANNEL_DUE. */
export const noChannelWork =
  ({ store, hook, now }: NoChannelWorkParts) =>
  async (rows: readonly ClaimedDue[]): Promise<void> => {
    for (const [app, own] of Map.groupBy(rows, (row) => row.app)) {
      const isFull = hook.waiting(app) >= MOST_WAITING;
      const noted = own.map((row) => ({ row, ...(JSON.parse(row.data) as Noted) }));
      const early = isFull ? noted.filter(({ at }) => now() - at < PATIENCE_MS) : [];
      const told = noted.filter((each) => !early.includes(each));
      // Twice rather than never: an entry has the same id each time.
      for (const { row, reason } of told) hook.tell({ app, reason, ...personOf(row.ref) });
      await store.write(async (tx) => {
        await finishAllDue(
          tx,
          told.map(({ row }) => row),
        );
        for (const { row } of early) await putOffDue(tx, row, now() + PUT_OFF_MS);
      });
    }
  };
