import { expect, test } from 'vitest';
import type { ToPrimary, ToWorker } from '../../../src/host/cluster/messages.ts';
import { noSnapshot, type Snapshot } from '../../../src/host/cluster/totals.ts';
import { joinCluster } from '../../../src/host/cluster/worker.ts';
import { until } from '../../support/until.ts';

const busy = (busyWorkers: number): Snapshot => ({ ...noSnapshot, busyWorkers });

/** A worker with the primary's end of its channel in the hands of the test. */
function join(snapshot: () => Promise<Snapshot>) {
  const sent: ToPrimary[] = [];
  let hear: (message: ToWorker) => void = () => {};
  const worker = joinCluster({
    channel: {
      send: async (message) => void sent.push(message),
      onMessage: (listener) => {
        hear = listener;
      },
    },
    ...{ snapshot, stop() {}, reopen() {} },
  });
  return { worker, sent, hear: (message: ToWorker) => hear(message) };
}

test('a worker that ends waits until the primary hands it no more connections, and tells its last figures then', async () => {
  let now = 1;
  const { worker, sent, hear } = join(async () => busy(now));
  const closed = worker.close();
  await until(() => sent.length > 0);
  expect(sent).toEqual([{ type: 'leaving' }]);
  now = 2;
  hear({ type: 'left' });
  await closed;
  expect(sent.slice(1)).toEqual([{ type: 'snapshot', id: 0, snapshot: busy(2) }]);
});

test('figures that took long to gather are not told after later ones', async () => {
  const first = Promise.withResolvers<Snapshot>();
  const readings = [first.promise, Promise.resolve(busy(2))];
  const { worker, sent, hear } = join(async () => (await readings.shift()) as Snapshot);
  hear({ type: 'snapshot?', id: 7 });
  const closed = worker.close();
  hear({ type: 'left' });
  first.resolve(busy(1));
  await closed;
  const told = sent.filter((message) => message.type === 'snapshot');
  expect(told.map(({ id, snapshot }) => [id, snapshot.busyWorkers])).toEqual([
    [7, 1],
    [0, 2],
  ]);
});
