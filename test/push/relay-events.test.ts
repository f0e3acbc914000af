import { expect, test } from 'vitest';
import { combineEvents } from '../../src/push/relay-events.ts';
import { settlement } from '../support/settlement.ts';

const accepted = { requestId: 'r1', notifications: [], counts: 1, acceptedAt: 0, app: 'default', targets: 1 };

test('every listener hears an event that it has, in order', () => {
  const heard: string[] = [];
  const events = combineEvents([
    { settled: () => void heard.push('a') },
    { accepted: () => void heard.push('never') },
    { settled: () => void heard.push('b') },
  ]);
  events.settled(settlement(['t1']));
  expect(heard).toEqual(['a', 'b']);
});

test('an event that nobody wants is no error', () => {
  expect(() => combineEvents([]).accepted(accepted)).not.toThrow();
});

test('a listener that throws is told once for each event and hurts no other', () => {
  const told: string[] = [];
  let heard = 0;
  const broken = () => {
    throw new Error('broken');
  };
  const events = combineEvents(
    [{ settled: broken, accepted: broken }, { settled: () => void heard++ }],
    (event, error) => void told.push(`${event}: ${error.message}`),
  );
  events.settled(settlement(['t1']));
  events.settled(settlement(['t1']));
  events.accepted(accepted);
  expect(heard).toBe(2);
  expect(told).toEqual(['settled: broken', 'accepted: broken']);
});

test('a listener keeps its own this', () => {
  class Counter {
    count = 0;
    settled(): void {
      this.count++;
    }
  }
  const counter = new Counter();
  combineEvents([counter]).settled(settlement(['t1']));
  expect(counter.count).toBe(1);
});
