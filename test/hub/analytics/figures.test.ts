import { expect, test } from 'vitest';
import { Figures } from '../../../src/hub/analytics/figures.ts';

test('rates are of what was taken, and a later state implies those before', () => {
  const figures = new Figures();
  figures.add({ sent: 5, delivered: 2, seen: 1, read: 2, 'failed Unregistered': 3, opened: 1 }, 0);
  expect(figures.view()).toMatchObject({
    rates: { delivered: 0.5, seen: 0.3, read: 0.2, opened: 0.1, acted: 0 },
    failed: { Unregistered: 3 },
  });
});

test('nothing has neither rates nor times', () => {
  const view = new Figures().view();
  expect(view.rates).toEqual({ delivered: null, seen: null, read: null, opened: null, acted: null });
  expect(view.latency_ms).toBeNull();
  expect(view).toMatchObject({ cost: 0, failed: {}, saved: { total: 0 } });
});

test('what was spared is by why, and only where there was a way to the person', () => {
  const figures = new Figures();
  const counters = {
    ...{ 'suppressed throttled': 1, 'suppressed no_address': 50, 'suppressed bounced': 2, accepted: 10 },
    ...{
      'cancelled superseded': 3,
      'cancelled reached': 4,
      'cancelled read': 5,
      'cancelled cancelled': 60,
      digested: 6,
    },
  };
  figures.add(counters, 0.5);
  figures.add({ 'suppressed throttled': 1000, accepted: 1000 }, 0);
  const { saved, cost, cancelled } = figures.view();
  expect(saved).toEqual({ suppressed: 0.5, dead: 1, collapsed: 1.5, realtime_first: 4.5, digested: 3, total: 10.5 });
  expect(cost).toBe(5);
  expect(cancelled).toEqual({ cancelled: 60, superseded: 7, read: 5 });
});

test('money has no noise of sums', () => {
  const figures = new Figures();
  for (let i = 0; i < 10; i++) figures.add({ accepted: 1 }, 0.1);
  expect(figures.view().cost).toBe(1);
});
