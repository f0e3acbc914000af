import { expect, onTestFinished, test, vi } from 'vitest';
import { BrokerQueue } from '../../../src/queue/broker/broker-queue.ts';
import { entryOf, listening } from './broker-entries.ts';
import { ScriptedBroker } from './scripted-broker.ts';

function open(broker = new ScriptedBroker()) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const options = listening(100);
  const queue = new BrokerQueue(broker, { ...options, now: () => Date.now() });
  onTestFinished(() => queue.close());
  return { broker, queue, told: options.told };
}

const push = () => entryOf({ platform: 1, tokens: ['a', 'b'] });

test('a broker that is away is an error with its cause and what waits, one a minute, and a warning when it is back', async () => {
  const { broker, queue, told } = open();
  await vi.advanceTimersByTimeAsync(1_000);
  await queue.append([push()]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
  broker.goAway('connect ECONNREFUSED 192.0.2.1:6379');
  const line =
    'error: scripted: connect ECONNREFUSED 192.0.2.1:6379; pushes are refused until it is back, 2 that were taken wait here';
  expect(told).toEqual([line]);
  await vi.advanceTimersByTimeAsync(50_000);
  broker.goAway('connect ECONNREFUSED 192.0.2.1:6379');
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(130_000);
  expect(told).toEqual([line, line, line, line]);
  broker.comeBack();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(told.slice(4)).toEqual(['warn: scripted: connected again after 180 s']);
});

test('what waits at the broker is counted with the first connection, and not again', async () => {
  const broker = new ScriptedBroker();
  for (let i = 0; i < 3; i++) broker.put(Buffer.from('{}'));
  const { told } = open(broker);
  await vi.advanceTimersByTimeAsync(1_000);
  const found = () => told.filter((line) => line.startsWith('info'));
  expect(found()).toEqual(['info: scripted: 3 notifications wait there, for all instances']);
  broker.goAway('gone');
  broker.comeBack();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(found()).toHaveLength(1);
});
