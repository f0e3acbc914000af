import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimDue } from '../../../../src/hub/timers/due-rows.ts';
import { needs } from '../../../support/needs.ts';
import { Clock } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { type HubOfIncidents, hubOfIncidents } from '../hub-of-incidents.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const disk = { title: 'Disk full', severity: 'SEV-2', assignees: ['ada'] };
const sla = { acknowledge_by: '10m', resolve_by: '4h' };

describe.each(hubEngines)('deadlines of incidents in $name', ({ needs: lacks, start }) => {
  describe('are told', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: HubOfIncidents;
    let others: HubOfIncidents[] = [];

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      hub = hubOfIncidents(await place.open(clock.now), clock, {
        slas: [{ severity: 'SEV-1', meaning: { acknowledge_by: 60, warn_at: [] } }],
      });
      await hub.person(1, 'ada');
    });
    afterEach(async () => {
      for (const each of [hub, ...others]) await each.sends.close();
      for (const { store } of others) if (store !== hub.store) await store.close();
      others = [];
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const another = async (): Promise<HubOfIncidents> => {
      const other = hubOfIncidents((await place.again?.(clock.now)) ?? hub.store, clock);
      others.push(other);
      return other;
    };
    const due = () => hub.store.db.selectFrom('due').select(['kind', 'ref']).where('kind', '=', 'sla').execute();
    /** `<minute> <event>` of what is pushed within some minutes, looked at each minute. */
    const within = async (minutes: number): Promise<string[]> => {
      const from = clock.ms;
      const seen: string[] = [];
      for (let minute = 0; minute < minutes; minute++) {
        await hub.pass(MINUTE);
        for (const push of hub.pushes())
          seen.push(`${(clock.ms - from) / MINUTE} ${push.replace(/incident\.| → 1/g, '')}`);
      }
      return seen;
    };

    test('by a warning at half and at four fifths of the time, and by the breach, once each', async () => {
      await hub.put('i1', { ...disk, sla });
      expect((await hub.incidents.get('default', 'i1'))?.sla).toEqual({
        doc: { acknowledge_by: 600, resolve_by: 14_400 },
        told: {},
      });
      hub.pushes();
      expect(await within(15)).toEqual(['5 sla_warning', '8 sla_warning', '10 sla_breach']);
      expect(await within(4 * 60)).toEqual(['105 sla_warning', '177 sla_warning', '225 sla_breach']);
      for (let day = 0; day < 30; day++) await hub.pass(DAY);
      expect(hub.pushes()).toEqual([]);
      expect(await due()).toEqual([]);
      const lines = (await hub.timeline('i1')).filter(({ kind }) => kind === 'sla');
      expect(lines.map(({ event, sla: kind }) => `${event} ${kind}`)).toEqual([
        'incident.sla_warning acknowledge_by',
        'incident.sla_warning acknowledge_by',
        'incident.sla_breach acknowledge_by',
        'incident.sla_warning resolve_by',
        'incident.sla_warning resolve_by',
        'incident.sla_breach resolve_by',
      ]);
      expect(lines[2]?.text).toBe('Not acknowledged by 2026-11-01 12:10 UTC.');
    });

    test('not where the incident is in hand, and until it is resolved for the resolution', async () => {
      await hub.put('i1', { ...disk, sla });
      await hub.verb('i1', 'acknowledge');
      hub.pushes();
      expect(await within(130)).toEqual(['120 sla_warning']);
      await hub.verb('i1', 'resolve');
      hub.pushes();
      expect(await due()).toEqual([]);
      expect(await within(3)).toEqual([]);
    });

    test('at once where the time is moved to one that is over, and once all the same', async () => {
      await hub.put('i1', { ...disk, sla: { acknowledge_by: '10m', warn_at: [] } });
      hub.pushes();
      await within(3);
      await hub.put('i1', { ...disk, sla: { acknowledge_by: '2m', warn_at: [] } });
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.sla_breach → 1']);
      await hub.put('i1', { ...disk, sla: { acknowledge_by: '1h' } });
      expect(await within(70)).toEqual([]);
    });

    test('as the severity has them, and as it has them now; what the incident says itself goes before', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      expect(await within(2)).toEqual([]);
      await hub.put('i1', { ...disk, severity: 'SEV-1' });
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.updated → 1', 'incident.sla_breach → 1']);
      await hub.put('i2', { ...disk, severity: 'SEV-1', sla: { acknowledge_by: '5m', warn_at: [] } });
      hub.pushes();
      expect(await within(6)).toEqual(['5 sla_breach']);
    });

    test('again in the next cycle', async () => {
      const body = { ...disk, sla: { acknowledge_by: '1m', warn_at: [] } };
      await hub.put('i1', body);
      await within(2);
      await hub.verb('i1', 'resolve');
      clock.pass(MINUTE);
      await hub.put('i1', { ...body, status: 'open' });
      hub.pushes();
      expect(await within(3)).toEqual(['1 sla_breach']);
    });

    test('late, after all instances were down: the breach alone', async () => {
      await hub.put('i1', { ...disk, sla });
      hub.pushes();
      await hub.pass(HOUR);
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.sla_breach → 1']);
    });

    test('by an instant, and at once where it is over when the incident comes', async () => {
      await hub.put('i1', { ...disk, sla: { resolve_by: new Date(clock.ms - HOUR).toISOString() } });
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.created → 1', 'incident.sla_breach → 1']);
    });

    test('once each, however many instances look', async () => {
      const other = await another();
      const ids = Array.from({ length: 25 }, (_, i) => `i${i}`);
      for (const id of ids) await hub.incidents.put(hub.of(id), { ...disk, sla: { acknowledge_by: '10m' } });
      await hub.sends.settle();
      hub.pushes();
      for (const minutes of [5, 3, 2]) {
        clock.pass(minutes * MINUTE);
        await Promise.all([hub.sends.settle(), other.sends.settle()]);
        await Promise.all([hub.sends.settle(), other.sends.settle()]);
        const sent = [...hub.carrier.taken, ...other.carrier.taken].map(
          ({ notification }) => notification.data?.incident_id,
        );
        expect(sent.toSorted()).toEqual(ids.toSorted());
        for (const each of [hub, other]) each.pushes();
      }
      expect(await due()).toEqual([]);
    });

    test('once by another instance, when the one that had taken it was killed; what comes back of it tells nothing', async () => {
      await hub.put('i1', { ...disk, sla: { acknowledge_by: '10m' } });
      hub.pushes();
      clock.pass(5 * MINUTE);
      const claim = { kinds: ['sla'], now: clock.ms, leaseMs: 30_000, by: 'dead', limit: 10 };
      const [stuck] = await hub.store.write((tx) => claimDue(tx, hub.store.engine, claim));
      await hub.pass(30 * SECOND);
      expect(hub.pushes()).toEqual(['incident.sla_warning → 1']);
      await hub.incidents.works.sla([stuck as never]).catch(() => {});
      await hub.pass(SECOND);
      expect(hub.pushes()).toEqual([]);
      expect(await within(6)).toEqual(['3 sla_warning', '5 sla_breach']);
    });

    test('no more to whom they are held for, once someone has the incident in hand', async () => {
      await hub.settings.put(hub.change('ada'), {
        quiet_hours: { windows: [{ from: '10:00', until: '18:00' }], allow: [] },
      });
      await hub.put('i1', { ...disk, sla: { acknowledge_by: '10m' } });
      await within(11);
      await hub.verb('i1', 'acknowledge', { by: 'bob' });
      await hub.pass(7 * HOUR);
      expect(hub.pushes()).toEqual(['incident.created → 1', 'incident.acknowledged → 1']);
    });
  });
});
