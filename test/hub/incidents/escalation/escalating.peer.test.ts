import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { factsOfIncident } from '../../../../src/hub/incidents/incident-rows.ts';
import { claimDue } from '../../../../src/hub/timers/due-rows.ts';
import { needs } from '../../../support/needs.ts';
import { Clock, change } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { type HubOfIncidents, hubOfIncidents } from '../hub-of-incidents.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const disk = { title: 'Disk full', severity: 'SEV-2', assignees: ['ada'], escalation: 'on-call' };
const onCall = {
  steps: [
    { after: '5m', to: { users: ['bob'] } },
    { after: '10m', to: { users: ['cyd'] } },
  ],
};

describe.each(hubEngines)('escalations in $name', ({ needs: lacks, start }) => {
  describe('call people', needs(...lacks), () => {
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
        escalations: [{ severity: 'SEV-1', meaning: 'on-call' }],
      });
      for (const [index, id] of ['ada', 'bob', 'cyd'].entries()) await hub.person(index + 1, id);
      await hub.escalation('on-call', onCall);
    });
    afterEach(async () => {
      for (const each of [hub, ...others]) await each.sends.close();
      for (const { store } of others) if (store !== hub.store) await store.close();
      others = [];
      await hub.store.close();
    });
    afterAll(() => place?.end());

    /** Another instance on the same store; in memory it shares the connection. */
    const another = async (): Promise<HubOfIncidents> => {
      const other = hubOfIncidents((await place.again?.(clock.now)) ?? hub.store, clock);
      others.push(other);
      return other;
    };
    const due = () =>
      hub.store.db.selectFrom('due').select(['kind', 'ref', 'due_at']).where('kind', '=', 'escalation').execute();

    test('each step at its time, once, and then no more', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      await hub.pass(5 * MINUTE - 1);
      expect(hub.pushes()).toEqual([]);
      await hub.pass(1);
      expect(hub.carrier.taken[0]?.notification.message).toBe('Not acknowledged yet: step 1 of 2.');
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
      await hub.pass(10 * MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
      for (let day = 0; day < 30; day++) await hub.pass(24 * HOUR);
      expect(hub.pushes()).toEqual([]);
      expect(await due()).toEqual([]);
      expect((await hub.timeline('i1')).filter(({ kind }) => kind === 'escalation')).toMatchObject([
        { text: 'Step 1 of on-call.', by: 'hub', escalation: 'on-call', step: 1, round: 1 },
        { text: 'Step 2 of on-call.', step: 2, round: 1 },
        { text: 'There is no further step.' },
      ]);
    });

    test('round after round, slower each time', async () => {
      await hub.escalation('on-call', { steps: [{ after: '1m', to: { users: ['bob'] } }], repeat: 3, backoff: 2 });
      await hub.put('i1', disk);
      hub.pushes();
      const times: number[] = [];
      const from = clock.ms;
      for (let minute = 0; minute < 40; minute++) {
        await hub.pass(MINUTE);
        for (const _ of hub.pushes()) times.push((clock.ms - from) / MINUTE);
      }
      expect(times).toEqual([1, 3, 7, 15]);
    });

    test.each(['acknowledge', 'resolve'] as const)('%s ends it', async (kind) => {
      await hub.put('i1', disk);
      await hub.pass(5 * MINUTE);
      hub.pushes();
      await hub.verb('i1', kind, { by: 'bob' });
      expect(await due()).toEqual([]);
      hub.pushes();
      await hub.pass(HOUR);
      expect(hub.pushes()).toEqual([]);
    });

    test('on with the next step when an acknowledgement is taken back, and from the beginning in the next cycle', async () => {
      await hub.put('i1', disk);
      await hub.pass(5 * MINUTE);
      await hub.verb('i1', 'acknowledge');
      await hub.pass(HOUR);
      hub.pushes();
      await hub.put('i1', { ...disk, status: 'open' });
      hub.pushes();
      await hub.pass(10 * MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
      await hub.verb('i1', 'resolve');
      await hub.put('i1', { ...disk, status: 'open' });
      hub.pushes();
      await hub.pass(5 * MINUTE + SECOND);
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
    });

    test('where the opening was a while ago at once', async () => {
      await hub.put('i1', { ...disk, at: new Date(clock.ms - HOUR).toISOString() });
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.created → 1', 'incident.escalated → 2']);
    });

    test('as the severity wants it, and as it wants it now', async () => {
      const { escalation: _, ...plain } = disk;
      await hub.put('i1', plain);
      await hub.pass(HOUR);
      expect(hub.pushes()).toEqual(['incident.created → 1']);
      await hub.put('i1', { ...plain, severity: 'SEV-1' });
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.updated → 1', 'incident.escalated → 2']);
      await hub.put('i1', plain);
      hub.pushes();
      await hub.pass(HOUR);
      expect(hub.pushes()).toEqual([]);
    });

    test('whom the escalation names when the call is due, also when it was deleted meanwhile', async () => {
      await hub.put('i1', disk);
      await hub.escalation('on-call', {
        steps: [
          { after: '5m', to: { users: ['cyd'] } },
          { after: 60, to: { users: ['bob'] } },
        ],
      });
      hub.pushes();
      await hub.pass(5 * MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
      await hub.escalations.remove({ app: 'default', name: 'on-call', by: 'key:test', expect: () => {} });
      await hub.pass(MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
      await expect(hub.put('i2', disk)).rejects.toMatchObject({ details: [{ path: 'escalation' }] });
      // It ends where it has fewer steps by then.
      await hub.escalation('on-call', onCall);
      await hub.put('i3', disk);
      await hub.pass(5 * MINUTE);
      await hub.escalation('on-call', { steps: [{ after: 60 }] });
      hub.pushes();
      await hub.pass(HOUR);
      expect(hub.pushes()).toEqual([]);
      expect((await hub.incidents.get('default', 'i3'))?.run?.at).toBeUndefined();
    });

    test('only those who are awake, where a step says so; the next one comes all the same', async () => {
      await hub.settings.put(hub.change('bob'), { quiet_hours: { start: '10:00', end: '18:00' } });
      const to = { users: ['bob', 'cyd'] };
      await hub.escalation('on-call', {
        steps: [
          { after: 60, to, if: 'recipient_awake', priority: 'critical', channels: ['push'] },
          { after: 60, to, priority: 'critical', channels: ['push'] },
        ],
      });
      await hub.put('i1', disk);
      hub.pushes();
      await hub.pass(MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
      expect((await hub.decisions()).filter((line) => line.startsWith('bob'))).toEqual([
        'bob 1 push suppressed quiet_hours',
      ]);
      await hub.pass(MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 2', 'incident.escalated → 3']);
    });

    test('at once by hand, and then at their times again', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      await hub.pass(MINUTE);
      expect((await hub.escalate('i1', { by: 'ada' })).changed).toEqual(['incident.escalated']);
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
      // Who is named in between leaves the steps as they are.
      await hub.escalate('i1', { to: { users: ['ada'] } });
      expect(hub.pushes()).toEqual(['incident.escalated → 1']);
      await hub.pass(10 * MINUTE - 1);
      expect(hub.pushes()).toEqual([]);
      await hub.pass(1);
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
      // In hand, the next step is called by hand alone; without one it is those whose incident it is.
      await hub.verb('i1', 'acknowledge');
      hub.pushes();
      await hub.escalate('i1');
      expect(hub.pushes()).toEqual(['incident.escalated → 1']);
    });

    test('once each, however many instances look for what is due', async () => {
      const other = await another();
      const ids = Array.from({ length: 25 }, (_, i) => `i${i}`);
      await hub.escalation('on-call', { steps: [{ after: 60, to: { users: ['bob'] } }], repeat: 2 });
      for (const id of ids) await hub.incidents.put(hub.of(id), disk);
      await hub.sends.settle();
      hub.pushes();
      for (let round = 1; round <= 3; round++) {
        clock.pass(MINUTE);
        await Promise.all([hub.sends.settle(), other.sends.settle()]);
        await Promise.all([hub.sends.settle(), other.sends.settle()]);
        const sent = [...hub.carrier.taken, ...other.carrier.taken].map(
          ({ notification }) => notification.data?.incident_id,
        );
        expect(sent.toSorted()).toEqual(ids.toSorted());
        for (const each of [hub, other]) each.pushes();
      }
      clock.pass(HOUR);
      await Promise.all([hub.sends.settle(), other.sends.settle()]);
      expect([...hub.pushes(), ...other.pushes()]).toEqual([]);
    });

    test('or not, where an acknowledgement comes at the same moment on another instance', async () => {
      const other = await another();
      const ids = Array.from({ length: 12 }, (_, i) => `i${i}`);
      for (const id of ids) await hub.incidents.put(hub.of(id), disk);
      await hub.sends.settle();
      hub.pushes();
      clock.pass(5 * MINUTE);
      await Promise.all([
        hub.sends.settle(),
        ...ids.map((id) => other.incidents.verb(other.of(id), 'acknowledge', { by: 'ada' })),
      ]);
      await hub.pass(SECOND);
      await other.sends.settle();
      expect(await due()).toEqual([]);
      for (const id of ids) {
        const calls = (await hub.timeline(id)).filter(({ kind }) => kind === 'escalation');
        expect(calls.length).toBeLessThanOrEqual(1);
        expect(factsOfIncident((await hub.incidents.get('default', id)) as never).status.phase).toBe('acknowledged');
      }
      hub.pushes();
      await hub.pass(HOUR);
      expect(hub.pushes().filter((push) => push.startsWith('incident.escalated'))).toEqual([]);
    });

    test('once by another instance, when the one that had taken the step was killed', async () => {
      await hub.put('i1', disk);
      hub.pushes();
      clock.pass(5 * MINUTE);
      const claim = { kinds: ['escalation'], now: clock.ms, leaseMs: 30_000, by: 'dead', limit: 10 };
      expect(await hub.store.write((tx) => claimDue(tx, hub.store.engine, claim))).toHaveLength(1);
      await hub.pass(SECOND);
      expect(hub.pushes()).toEqual([]);
      await hub.pass(30 * SECOND);
      expect(hub.pushes()).toEqual(['incident.escalated → 2']);
    });

    test('no one any more who was erased, and no step less', async () => {
      await hub.put('i1', disk);
      await hub.people.erase({ ...change, id: 'bob' });
      const kept = JSON.stringify([
        await hub.escalations.get('default', 'on-call'),
        await hub.incidents.get('default', 'i1'),
      ]);
      expect(kept).not.toContain('bob');
      hub.pushes();
      await hub.pass(5 * MINUTE);
      expect(hub.pushes()).toEqual([]);
      expect((await hub.timeline('i1')).map(({ text }) => text)).toContain(
        'incident.escalated goes to no one: no one is named.',
      );
      await hub.pass(10 * MINUTE);
      expect(hub.pushes()).toEqual(['incident.escalated → 3']);
    });

    test('no one for an incident that is gone', async () => {
      await hub.put('i1', disk);
      await hub.incidents.remove(hub.of('i1'));
      expect(await due()).toEqual([]);
    });
  });
});
