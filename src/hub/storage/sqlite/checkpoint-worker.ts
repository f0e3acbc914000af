/** The thread of `checkpoint-thread.ts`: a checkpoint for each message, answered with why it failed, or with nothing. */
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { path, waitMs } = workerData as { readonly path: string; readonly waitMs: number };
const url = pathToFileURL(path);
// A file that was moved away is not made once more.
url.search = 'mode=rw';
const db = new DatabaseSync(url, { timeout: waitMs });
// The log is synced before any of it is moved, and the file when all of it is.
db.exec('PRAGMA synchronous = FULL');
const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');

function moveLog(): string | undefined {
  try {
    checkpoint.get();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

parentPort?.on('message', (message: 'checkpoint' | 'end') => {
  if (message === 'checkpoint') {
    parentPort?.postMessage(moveLog());
    return;
  }
  db.close();
  parentPort?.close();
});
