import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QueueRefusedError } from '../../src/queue/queue-refused-error.ts';
import { QueueRoom } from '../../src/queue/queue-room.ts';

const of = (app: string, count = 1): { app: string }[] => Array.from({ length: count }, () => ({ app }));

/** Takes single notifications until there is no room. */
function fill(room: QueueRoom, app: string, cost = 1): number {
  for (let taken = 0; ; taken++) {
    try {
      room.take(of(app), cost);
    } catch (error) {
      expect(error).toBeInstanceOf(QueueRefusedError);
      return taken;
    }
  }
}

describe('the room of a queue', () => {
  it('is all of the one app that there is', () => {
    const room = new QueueRoom({ limit: 100 });
    expect(fill(room, 'default')).toBe(100);
    expect(room.health().status).toBe('fail');
  });

  it('takes a request that is larger than all of it when nothing else waits', () => {
    const room = new QueueRoom({ limit: 10, maxCost: 100, apps: () => 2 });
    room.take(of('a', 50), 1000);
    expect(() => room.take(of('a'), 1)).toThrow(QueueRefusedError);
  });

  it.each([2, 3, 10])('is half of one of %i apps at most, and each of the others finds its reserve', (apps) => {
    const room = new QueueRoom({ limit: 1000, apps: () => apps });
    expect(fill(room, 'a0')).toBe(500);
    for (let i = 1; i < apps; i++) expect(fill(room, `a${i}`)).toBeGreaterThanOrEqual(Math.floor(250 / apps));
    expect(room.held.notifications).toBeLessThanOrEqual(1000);
  });

  it('is divided in what it costs as well', () => {
    const room = new QueueRoom({ limit: 1_000_000, maxCost: 1000, apps: () => 2 });
    expect(fill(room, 'a', 10)).toBe(50);
    expect(fill(room, 'b', 10)).toBeGreaterThanOrEqual(12);
  });

  it('tells whose notifications fill it', () => {
    const room = new QueueRoom({ limit: 100, apps: () => 2 });
    room.take(of('news', 20), 1);
    fill(room, 'acme');
    expect(() => room.take(of('acme'), 1)).toThrow(
      'the queue is full: 70 of 100 notifications wait, 50 of them for the app acme (core.queue_num)',
    );
  });

  it('refuses a request for several apps whole when there is no room for one of them', () => {
    const room = new QueueRoom({ limit: 100, apps: () => 2 });
    fill(room, 'a');
    expect(() => room.take([...of('b'), ...of('a')], 1)).toThrow(QueueRefusedError);
    expect(room.held.notifications).toBe(50);
  });

  it('never holds more than its limits, gives each app its reserve, and ends empty, however apps come and go', () => {
    const step = fc.record({
      app: fc.constantFrom('a', 'b', 'c', 'd'),
      count: fc.integer({ min: 1, max: 30 }),
      cost: fc.integer({ min: 1, max: 50 }),
      apps: fc.integer({ min: 4, max: 8 }),
      gives: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let apps = 4;
        const room = new QueueRoom({ limit: 200, maxCost: 4000, apps: () => apps });
        const taken: { app: string; cost: number }[] = [];
        for (const { app, count, cost, gives, apps: now } of steps) {
          apps = now;
          if (gives) for (const { app: whose, cost: what } of taken.splice(0, count)) room.give(whose, what);
          else {
            const before = room.held;
            const own = taken.filter((each) => each.app === app);
            const ownCost = own.reduce((sum, each) => sum + each.cost, 0);
            let isTaken = true;
            try {
              room.take(of(app, count), cost);
              for (const entry of of(app, count)) taken.push({ ...entry, cost });
            } catch {
              isTaken = false;
            }
            const withinReserve = own.length + count <= 50 / apps && ownCost + count * cost <= 1000 / apps;
            if (withinReserve) expect(isTaken).toBe(true);
            if (isTaken && before.notifications > 0) {
              expect(room.held.notifications).toBeLessThanOrEqual(200 + 50);
            }
          }
          expect(room.held.notifications).toBe(taken.length);
        }
        for (const { app, cost } of taken) room.give(app, cost);
        expect(room.held).toEqual({ notifications: 0, cost: 0 });
      }),
    );
  });
});
