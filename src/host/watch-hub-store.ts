import { sql } from 'kysely';
import type { Check } from '../health/ready.ts';
import type { HubStore } from '../hub/storage/storage.ts';
import { background } from '../kit/background.ts';
import { toError } from '../kit/errors.ts';

const EVERY_MS = 2000;

/** What /readyz says of the hub. */
export interface WatchedHubStore {
  check(): Check;
  close(): void;
}

/**
 * Asks the store every two seconds whether it is there: a server of its own may go away while nothing is asked of it.
 * @param everyMs default 2,000
 */
export function watchHubStore(store: Pick<HubStore, 'db' | 'engine' | 'health'>, everyMs = EVERY_MS): WatchedHubStore {
  let trouble: string | undefined;
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking || store.health().status === 'fail') return;
    asking = true;
    try {
      await sql`SELECT 1`.execute(store.db);
      trouble = undefined;
    } catch (error) {
      trouble = toError(error).message;
    } finally {
      asking = false;
    }
  };
  // A file is there as long as the process is.
  const timer = store.engine === 'postgres' ? setInterval(() => background(ask()), everyMs).unref() : undefined;
  return {
    check() {
      const health = store.health();
      const why = health.output ?? trouble;
      return {
        name: 'hub',
        status: health.status === 'fail' || trouble !== undefined ? 'fail' : 'pass',
        ...(why === undefined ? {} : { output: why }),
      };
    },
    close: () => clearInterval(timer),
  };
}
