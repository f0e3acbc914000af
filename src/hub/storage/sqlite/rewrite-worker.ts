import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** A thread of its own: the whole file is rewritten, which takes seconds for a large one. */
const { path, waitMs } = workerData as { readonly path: string; readonly waitMs: number };
const db = new DatabaseSync(path, { timeout: waitMs });
db.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = FULL; VACUUM');
db.close();
parentPort?.postMessage('done');
