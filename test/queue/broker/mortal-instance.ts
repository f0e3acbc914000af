/**
 * An instance on a broker, in a process of its own, which certain tokens kill (../mortal.ts). It ends in order on SIGTERM.
 *
 * Arguments: engine, address and name of the queue; `send`, or `wait` (the lane takes nothing, as if the provider were away); seconds
 * after which what a dead instance had goes to others.
 */
import { keepSending, mortalRestore } from '../mortal.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

const [name = '', addr = '', queueName = '', sending, claimAfter] = process.argv.slice(2);

const engine = brokers[name as BrokerEngine['name']];
const options = { limit: 1000, wake: () => {}, restore: mortalRestore, tell: () => {} };
const queue = engine.open({ addr }, queueName, options, Number(claimAfter));
process.on('SIGTERM', () => {
  void queue.close().then(() => process.exit(0));
});
if (sending === 'send') keepSending(queue);
