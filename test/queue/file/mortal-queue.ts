/**
 * A process of its own with a queue file, which certain tokens kill (../mortal.ts).
 *
 * Arguments: the folder; `send`, or `wait` (the lane takes nothing, as if the provider were away); how it ends: `idle` (in order, once
 * nothing is left), `stop` (in order, after a moment) or `die` (after a moment); then requests to append first.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalQueue } from '../../../src/queue/create-queue.ts';
import { appendAll, die, keepSending, mortalRestore } from '../mortal.ts';

const MOMENT_MS = 50;

const [folder = '', sending, ending, ...requests] = process.argv.slice(2);

const queue = createLocalQueue({
  path: join(folder, 'queue.db'),
  sync: 'normal',
  limit: 100_000,
  wake: () => {},
  restore: mortalRestore,
  tell: () => {},
});

await appendAll(queue, requests);
if (sending === 'send') keepSending(queue);
if (ending === 'idle') while (queue.depth().notifications > 0) await sleep(5);
else await sleep(MOMENT_MS);
if (ending === 'die') die();
await queue.close();
process.exit(0);
