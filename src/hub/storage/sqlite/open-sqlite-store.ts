import { DatabaseSync } from 'node:sqlite';
import { toError } from '../../../kit/errors.ts';
import { markOwnFile, refuseForeignFile } from '../../../kit/files/owned-file.ts';
import { openSharedFile } from '../../../kit/files/shared-file.ts';
import { slices } from '../../../kit/time/slices.ts';
import type { PushesFor } from '../../../queue/file/file-format.ts';
import { claimStore } from '../claim-store.ts';
import { hubKeys, type KeySources } from '../hub-keys.ts';
import { hubSeal } from '../hub-seal.ts';
import { migrate } from '../migrations/migrate.ts';
import { migrations } from '../migrations/migrations.ts';
import type { HubStore } from '../storage.ts';
import type { StoreObserver } from '../store-observer.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { tellingSeal } from '../unreadable.ts';
import { CheckpointThread } from './checkpoint-thread.ts';
import { Checkpoints } from './checkpoints.ts';
import { GroupCommit } from './group-commit.ts';
import { HUB_FILE } from './hub-file.ts';
import { Rewriting } from './rewrite.ts';
import { kyselyOn } from './sqlite-dialect.ts';
import { WalSync } from './wal-sync.ts';

/** A query waits this long for another process, on the event loop. */
const BUSY_MS = 50;
/** An erasure waits this long for readers that still see what was erased. */
const SCRUB_MS = 10_000;
const SCRUB_PAUSE_MS = 20;

/**
 * What is deleted is overwritten. What was answered survives a power cut, too: who commits syncs the log, in a thread. How often the log
 * is moved into the file is a matter of `Checkpoints`; the number is for an SQLite which does that by itself.
 */
const SETTINGS =
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 8000';

export interface SqliteStoreOptions {
  /** Empty: memory. */
  readonly path: string;
  readonly keys: KeySources;
  readonly pushesFor?: PushesFor | undefined;
  readonly now: () => number;
  readonly observer?: StoreObserver | undefined;
}

/** One connection that writes and one that reads; in memory, where there can be one only, reads wait for the open transaction. */
interface Connections {
  readonly writes: DatabaseSync;
  readonly reads: DatabaseSync;
}

function connect(path: string): Connections {
  if (path === '') {
    const both = new DatabaseSync(':memory:');
    both.exec(SETTINGS);
    return { writes: both, reads: both };
  }
  refuseForeignFile(path, 'hub.path', HUB_FILE);
  const prepare = (db: DatabaseSync): void => {
    markOwnFile(db, HUB_FILE);
    db.exec(SETTINGS);
  };
  // Who writes asks again by itself, without standing still.
  const writes = openSharedFile({ path, busyMs: 0, prepare });
  try {
    return { writes, reads: new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS }) };
  } catch (error) {
    writes.close();
    throw error;
  }
}

/**
 * The store in a file, which several processes may share, or in memory.
 * @throws ConfigError when the file is another program's, or a later version's; MasterKeyError; SQLite's own errors
 */
export async function openSqliteStore({ path, keys, pushesFor, now, observer }: SqliteStoreOptions): Promise<HubStore> {
  const { writes, reads } = connect(path);
  const place = path === '' ? 'the store in memory' : path;
  const tx = kyselyOn(writes, slices());
  const log = path === '' ? undefined : new WalSync(writes, path);
  const checkpoints = path === '' ? undefined : checkpointsOf(writes, path, observer);
  const commits = new GroupCommit({ db: writes, tx, place, log, checkpoints, observer });
  const busy = reads === writes ? (): Promise<void> | undefined => commits.transaction : undefined;
  const db = kyselyOn(reads, busy);
  const rewriting = path === '' ? undefined : new Rewriting(path, (work) => commits.exclusively(work));
  const close = async (): Promise<void> => {
    await rewriting?.close();
    await commits.close();
    await checkpoints?.close();
    await log?.close();
    reads.close();
    if (writes !== reads) writes.close();
  };
  try {
    await commits.add((first) => migrate(first, { engine: 'sqlite', migrations, key: 'hub.path', now }));
    await commits.add((first) => claimStore(first, { pushesFor, key: 'hub.path' }));
    const seal = tellingSeal(hubSeal(await commits.add((first) => hubKeys(first, keys))), observer);
    // The copies of pages that savepoints need are no files, once migrations have made their indexes of tables of any size.
    writes.exec('PRAGMA temp_store = MEMORY');
    return {
      engine: 'sqlite',
      ready: Promise.resolve(),
      db,
      write: (work) => commits.add(work),
      seal,
      async scrub() {
        await rewriting?.ask().catch((error: unknown) => {
          throw new StoreUnavailable(`hub: ${place} cannot be rewritten: ${toError(error).message}`, 1, {
            cause: error,
          });
        });
        await emptyLog(writes, commits, place);
      },
      health: () => (commits.trouble === undefined ? { status: 'pass' } : { status: 'fail', output: commits.trouble }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const checkpointsOf = (db: DatabaseSync, path: string, observer: StoreObserver | undefined): Checkpoints =>
  new Checkpoints({ db, thread: new CheckpointThread(path), failed: (error) => observer?.stoodStill?.(error) });

/** Moves all of the write-ahead log into the file and cuts it to nothing, as soon as no reader of another process needs it. */
async function emptyLog(db: DatabaseSync, commits: GroupCommit, place: string): Promise<void> {
  const end = performance.now() + SCRUB_MS;
  for (;;) {
    // Between two transactions.
    while (commits.transaction) await commits.transaction;
    if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 1) return;
    if (performance.now() >= end)
      throw new StoreUnavailable(`hub: the log of ${place} cannot be emptied: it is being read for too long`);
    await new Promise((resolve) => setTimeout(resolve, SCRUB_PAUSE_MS));
  }
}
