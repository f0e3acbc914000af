/**
 * An instance on a broker, in a process of its own, which certain tokens kill (../mortal.ts). It ends in order on SIGTERM; its event loop
 * stands still for a while on SIGUSR2; it begins to send on SIGHUP. What an operator is told of is printed, too: `told warn: …`, and how
 * it is when that changes: `health fail`, and how many notifications it has taken over: `took 40`.
 *
 * Arguments: engine, address and name of the queue; `send`, or `wait` (the lane takes nothing, as if the provider were away); seconds
 * after which what a dead instance had goes to others, if it held no lease and if it did.
 */
import { keepSending, mortalRestore, say } from '../mortal.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

const BLOCK_MS = 900;

const [name = '', addr = '', queueName = '', sending, claimAfter, lease = '5'] = process.argv.slice(2);

const engine: BrokerEngine = brokers[name as BrokerEngine['name']];
const tell = (level: string, message: string): void => say('told', `${level}: ${message}`);
const options = { limit: 1000, wake: () => {}, restore: mortalRestore, tell };
const queue = engine.open({ addr }, queueName, options, Number(claimAfter), Number(lease));
process.on('SIGTERM', () => {
  void queue.close().then(() => process.exit(0));
});
process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS);
  say('blocked', `${BLOCK_MS} ms`);
});
process.on('SIGHUP', () => keepSending(queue));
if (sending === 'send') keepSending(queue);
let health = '';
let takenOver = 0;
setInterval(() => {
  const { status } = queue.health();
  if (status !== health) say('health', status);
  health = status;
  const count = queue.takenOver?.() ?? 0;
  if (count !== takenOver) say('took', String(count));
  takenOver = count;
}, 10);
