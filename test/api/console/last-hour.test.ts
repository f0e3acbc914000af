import { expect, test } from 'vitest';
import { frameOf } from '../../../src/api/console/frame.ts';
import { LastHour } from '../../../src/api/console/last-hour.ts';
import { type Reading, readingOf } from '../../../src/api/console/reading.ts';
import { laneReading, quietMetrics } from '../../observe/metrics/quiet-metrics.ts';
import { failed, settlement } from '../../support/settlement.ts';

const MINUTE = 60_000;

async function kept() {
  const metrics = quietMetrics({ lanes: () => [laneReading()] });
  const hour = new LastHour();
  let last: Reading | undefined;
  const look = async (minute: number): Promise<Reading> => {
    const reading = readingOf(await metrics.snapshot(), minute * MINUTE);
    hour.add(frameOf(reading, last, last), reading);
    last = reading;
    return reading;
  };
  const fail = (count: number) =>
    metrics.events.settled?.(
      settlement(
        Array.from({ length: count }, (_, i) => `t${i}`),
        Array(count).fill(failed()),
      ),
    );
  return { hour, look, fail };
}

test('points older than an hour are left out', async () => {
  const { hour, look } = await kept();
  for (let minute = 0; minute <= 70; minute += 10) await look(minute);
  expect(hour.points.map(({ at }) => at / MINUTE)).toEqual([20, 30, 40, 50, 60, 70]);
  expect(hour.lastAt).toBe(70 * MINUTE);
});

test('failures are those of the true hour, however many there are, and of a younger process all', async () => {
  const { hour, look, fail } = await kept();
  fail(600);
  const first = await look(0);
  expect(hour.countedIn(first)).toMatchObject([{ reason: 'Unregistered', outcome: 'failed', count: 600 }]);
  fail(900);
  expect(hour.countedIn(await look(30))).toMatchObject([{ count: 1500 }]);
  fail(5);
  expect(hour.countedIn(await look(61))).toMatchObject([{ count: 905 }]);
  expect(hour.countedIn(await look(95))).toMatchObject([{ count: 5 }]);
  expect(hour.countedIn(await look(170))).toEqual([]);
});
