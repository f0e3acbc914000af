import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Device, DeviceVerdict } from '../../../src/hub/devices/device.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { Clock, change, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

const MINUTE = 60_000;
const MANY = 60;
const PUSH = { to: { users: ['u1'] }, mode: 'push_only' };

describe.each(hubEngines)('a device that was called dead with many others, in $name,', ({ needs: lacks, start }) => {
  describe('while dead devices are not removed', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * 60 * MINUTE);
      hub = hubOfSends(await place.open(clock.now), clock);
      const verdicts: DeviceVerdict[] = [];
      for (let at = 1; at <= MANY; at++)
        verdicts.push(verdict((await hub.devices.put(change, `d${at}`, phone(at, { user: `u${at}` }))).device));
      await hub.removals.apply(verdicts);
      expect(hub.removals.paused()).toEqual(['default']);
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const verdict = ({ app, id: device, token_rev: tokenRev }: Device): DeviceVerdict => ({
      ...{ app, device, tokenRev, verdict: 'dead', reason: 'Unregistered', at: clock.ms },
    });
    const pushed = async (): Promise<string> => {
      const { id } = await hub.send(PUSH);
      return (await hub.decisions(id)).join();
    };
    const toFirst = (): number => hub.carrier.sent.filter((each) => each.startsWith('00000001')).length;

    test('gets one push more, and none after it until they are removed again', async () => {
      hub.carrier.fates[iosToken(1)] = 'dead';
      const { id } = await hub.send(PUSH);
      await until(async () => (await hub.decisions(id))[0] === 'u1 1 push failed Unregistered');
      expect(toFirst()).toBe(1);
      expect(await pushed()).toBe('u1 1 push suppressed no_devices');
      expect(toFirst()).toBe(1);
      // The others of the same minute are asked once, too, each for itself.
      await hub.send({ ...PUSH, to: { users: ['u2'] } });
      expect(hub.carrier.sent.at(-1)).toMatch(/^00000002/);
      clock.pass(10 * MINUTE);
      await hub.send(PUSH);
      expect(toFirst()).toBe(2);
    });

    test('is as any other once that push was taken', async () => {
      await hub.send(PUSH);
      await until(async () => (await hub.devices.get('default', 'd1'))?.suspect === undefined);
      expect(await pushed()).toBe('u1 1 push sent');
      expect(toFirst()).toBe(2);
    });

    test('is as any other once its token comes again', async () => {
      await hub.store.write((tx) =>
        tx
          .updateTable('devices')
          .set({ suspect: JSON.stringify({ reason: 'x', at: 1, until: clock.ms + MINUTE, triedAt: clock.ms }) })
          .where('id', '=', 'd1')
          .execute(),
      );
      expect(await pushed()).toBe('u1 1 push suppressed no_devices');
      clock.pass(1000);
      await hub.devices.put(change, 'd1', phone(1, { user: 'u1' }));
      expect(await pushed()).toBe('u1 1 push sent');
    });

    test('has not had its push where the carrier did not take it', async () => {
      hub.carrier.isFull = true;
      const { id } = await hub.send(PUSH);
      await until(async () => (await hub.decisions(id))[0] === 'u1 1 push deferred');
      hub.carrier.isFull = false;
      await hub.pass(2000);
      expect(toFirst()).toBe(1);
      expect(await hub.decisions(id)).toEqual(['u1 1 push sent']);
    });
  });
});
