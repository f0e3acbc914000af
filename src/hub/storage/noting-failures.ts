import type { HubStore } from './storage.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/** A store in all but how it is written to. */
export const withWrite = (store: HubStore, write: HubStore['write']): HubStore => ({
  engine: store.engine,
  ready: store.ready,
  get db() {
    return store.db;
  },
  get seal() {
    return store.seal;
  },
  write,
  scrub: () => store.scrub(),
  health: () => store.health(),
  close: () => store.close(),
});

/** A store that says when something could not be written: some of it may be there all the same (`HubStore.write`). */
export const notingFailures = (store: HubStore, failed: () => void): HubStore =>
  withWrite(store, async (work, isolation) => {
    try {
      return await store.write(work, isolation);
    } catch (error) {
      if (error instanceof StoreUnavailable) failed();
      throw error;
    }
  });

/** A store into which nothing is written before something else is. @param first undefined: that is so */
export const writingAfter = (store: HubStore, first: () => Promise<void> | undefined): HubStore =>
  withWrite(store, async (work, isolation) => {
    const before = first();
    if (before) await before;
    return store.write(work, isolation);
  });
