import type { HubStore } from './storage.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/** A store that says when something could not be written: some of it may be there all the same (`HubStore.write`). */
export const notingFailures = (store: HubStore, failed: () => void): HubStore => ({
  engine: store.engine,
  ready: store.ready,
  get db() {
    return store.db;
  },
  get seal() {
    return store.seal;
  },
  async write(work) {
    try {
      return await store.write(work);
    } catch (error) {
      if (error instanceof StoreUnavailable) failed();
      throw error;
    }
  },
  scrub: () => store.scrub(),
  health: () => store.health(),
  close: () => store.close(),
});
