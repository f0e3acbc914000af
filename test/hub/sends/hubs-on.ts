import { afterAll, afterEach, beforeAll } from 'vitest';
import { Clock } from '../directory.ts';
import type { HubEngineUnderTest, HubPlace } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

export type HubOfSends = ReturnType<typeof hubOfSends>;

/** Of the first day of the clock, milliseconds. */
export const NOON = 12 * 3_600_000;

/**
 * For a group of tests on one engine, which is started before the first of them and ended after the last.
 * @returns makes the hub of a test, on an empty store and with a clock of its own, `passed` ms after its beginning; it is closed after the test
 */
export function hubsOn(start: HubEngineUnderTest['start']) {
  let place: HubPlace;
  let hub: HubOfSends;
  beforeAll(async () => {
    place = await start();
  });
  afterEach(async () => {
    await hub.sends.close();
    await hub.store.close();
  });
  afterAll(() => place?.end());
  return async (passed = 0): Promise<{ clock: Clock; hub: HubOfSends }> => {
    const clock = new Clock();
    clock.pass(passed);
    hub = hubOfSends(await place.open(clock.now), clock);
    return { clock, hub };
  };
}
