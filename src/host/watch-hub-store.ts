import type { Check } from '../health/ready.ts';
import type { HubStore } from '../hub/storage/storage.ts';

export interface WatchHubStoreOptions {
  readonly store: Pick<HubStore, 'health'>;
  readonly warn: (message: string) => void;
  /** What callers see while it is away, as a sentence without its point. */
  readonly meanwhile: string;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds between two looks; default 1,000. */
  readonly everyMs?: number;
}

/** What /readyz says of the hub's store, and what the log says of its absences. */
export interface WatchedHubStore {
  check(): Check;
  look(): void;
  close(): void;
}

const EVERY_MS = 1000;
const MINUTE_MS = 60_000;

const spanOf = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
};

/** Says in the log when the store goes away, once a minute that it still is, and when it is back. */
export function watchHubStore({
  store,
  warn,
  meanwhile,
  now = () => performance.now(),
  everyMs = EVERY_MS,
}: WatchHubStoreOptions): WatchedHubStore {
  let awaySince: number | undefined;
  let saidAt = 0;
  const look = (): void => {
    const { status, output = 'it does not answer' } = store.health();
    const at = now();
    if (status === 'fail' && awaySince === undefined) {
      awaySince = saidAt = at;
      warn(`the hub's store is away: ${output}. ${meanwhile}`);
    } else if (status === 'fail' && at - saidAt >= MINUTE_MS) {
      saidAt = at;
      warn(`the hub's store has been away for ${spanOf(at - (awaySince as number))}: ${output}`);
    } else if (status === 'pass' && awaySince !== undefined) {
      warn(`the hub's store is back after ${spanOf(at - awaySince)}: what waited goes on`);
      awaySince = undefined;
    }
  };
  look();
  const timer = setInterval(look, everyMs).unref();
  return {
    look,
    check() {
      const { status, output } = store.health();
      return { name: 'hub', status, ...(output === undefined ? {} : { output }) };
    },
    close: () => clearInterval(timer),
  };
}
