import { beforeEach, describe, expect, test } from 'vitest';
import { openOptOut, sealOptOut } from '../../../src/hub/people/opt-out-link.ts';
import { needs } from '../../support/needs.ts';
import { type Clock, change } from '../directory.ts';
import { hubEngines } from '../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from './hubs-on.ts';

const ADA = {
  ...{ email: 'ada@example.com', phone: '+306900000000' },
  consent: { email: { granted: true, at: '2026-01-01T00:00:00Z', source: 'form' }, sms: true },
};

describe.each(hubEngines)('in $name, who has unsubscribed', ({ needs: lacks, start }) => {
  describe('from a type of mail', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await hub.people.put({ ...change, id: 'ada' }, ADA);
    });

    const link = (type: string, user = 'ada') => ({
      ...{ app: 'default', user, channel: 'email' as const, type, at: clock.now() },
    });
    const optOut = async (type: string): Promise<void> => {
      clock.pass(1);
      await hub.people.optOut(link(type));
      clock.pass(1);
    };
    const mail = async (type: string): Promise<string | undefined> => {
      const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['email'], type });
      return (await hub.decisions(id))[0];
    };
    const shown = async () => {
      const person = await hub.people.get('default', 'ada');
      return (await hub.people.views('default', person ? [person] : []))[0];
    };

    test('gets no more of that type, and all of the others', async () => {
      await optOut('news');
      await optOut('news');
      expect(await mail('news')).toBe('ada 1 email suppressed unsubscribed');
      expect(await mail('invoice')).toBe('ada 1 email sent');
      expect(hub.carrier.sent).toHaveLength(1);
      expect((await shown())?.opt_outs).toEqual([
        { channel: 'email', type: 'news', at: new Date(clock.now() - 3).toISOString(), source: 'link' },
      ]);
    });

    test('gets nothing of what was held either', async () => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['email'], type: 'news' });
      await optOut('news');
      await hub.pass(0);
      expect(await hub.decisions(id)).toEqual(['ada 1 email suppressed unsubscribed']);
    });

    test('is shown as another version of the person', async () => {
      const before = (await hub.people.get('default', 'ada'))?.rev;
      await optOut('news');
      const after = (await hub.people.get('default', 'ada'))?.rev;
      expect(after).toBeGreaterThan(before as number);
      await optOut('news');
      expect((await hub.people.get('default', 'ada'))?.rev).toBe(after);
    });

    test('gets it again with a consent that was given since, and not by the old one', async () => {
      await optOut('news');
      await hub.people.put({ ...change, id: 'ada' }, ADA);
      await hub.people.patch({ ...change, id: 'ada' }, { consent: { email: true }, name: 'Ada' });
      await hub.people.patch({ ...change, id: 'ada' }, { consent: { email: { ...ADA.consent.email, source: 'x' } } });
      expect(await mail('news')).toBe('ada 1 email suppressed unsubscribed');
      const again = { granted: true, at: new Date(clock.now()).toISOString(), source: 'account page' };
      await hub.people.patch({ ...change, id: 'ada' }, { consent: { email: again } });
      expect(await mail('news')).toBe('ada 1 email sent');
      expect((await shown())?.opt_outs).toEqual([]);
    });

    test('gets it again by settings that name the type, and by no pattern, nor by what is sent back unchanged', async () => {
      const types = { news: true };
      await hub.settings.put(hub.change('ada'), { types });
      await optOut('news');
      await optOut('tips');
      await hub.settings.put(hub.change('ada'), { types, locale: 'de' });
      await hub.settings.patch(hub.change('ada'), { types: { '*': true } });
      expect(await mail('news')).toBe('ada 1 email suppressed unsubscribed');
      await hub.settings.patch(hub.change('ada'), { types: { news: true } });
      expect(await mail('news')).toBe('ada 1 email sent');
      expect(await mail('tips')).toBe('ada 1 email suppressed unsubscribed');
      await hub.settings.put(hub.change('ada'), { types: { tips: { channels: ['email'] } } });
      expect(await mail('tips')).toBe('ada 1 email sent');
      await optOut('tips');
      await hub.settings.patch(hub.change('ada'), { types: { tips: false } });
      expect((await shown())?.opt_outs).toHaveLength(1);
    });

    test('is another person after an erasure: an old link says nothing about the new one', async () => {
      const old = link('news');
      clock.pass(1);
      await optOut('tips');
      expect(await hub.people.erase({ ...change, id: 'ada' })).toMatchObject({ opt_outs: 1 });
      await hub.people.optOut(old);
      expect(await hub.store.db.selectFrom('opt_outs').selectAll().execute()).toEqual([]);
      clock.pass(1);
      await hub.people.put({ ...change, id: 'ada' }, ADA);
      await hub.people.optOut(old);
      expect(await mail('news')).toBe('ada 1 email sent');
      await optOut('news');
      expect(await mail('news')).toBe('ada 1 email suppressed unsubscribed');
    });

    test('by a link that only this store can make', async () => {
      const { seal } = hub.store;
      const text = sealOptOut(seal, link('news'));
      expect(openOptOut(seal, text)).toEqual(link('news'));
      expect(text).not.toContain('ada');
      for (const other of [
        '',
        'x',
        '1.',
        text.slice(0, -1),
        `${text}A`,
        text.replace(/^1/, '2'),
        seal.seal('[]', 'device'),
      ])
        expect(openOptOut(seal, other)).toBeUndefined();
    });

    test('STOP and START of a number hold for everyone who has it, and for the consent', async () => {
      await hub.people.put({ ...change, id: 'bob' }, { phone: ADA.phone, consent: { sms: true } });
      const reply = (wants: 'stop' | 'start') => {
        clock.pass(1);
        const at = clock.now();
        return hub.people.replied({ app: 'default', kind: 'sms', address: ADA.phone, wants, at });
      };
      const sms = async () => {
        const { id } = await hub.send({ to: { users: ['ada', 'bob'] }, channels: ['sms'], type: 'news' });
        return hub.decisions(id);
      };
      await reply('stop');
      expect(await sms()).toEqual(['ada 1 sms suppressed unsubscribed', 'bob 1 sms suppressed unsubscribed']);
      expect(await shown()).toMatchObject({
        addresses: { sms: { status: 'unsubscribed', reason: 'STOP' } },
        consent: { sms: { granted: false, source: 'STOP' }, email: { granted: true, source: 'form' } },
      });
      // A back end cannot speak for the person here: the provider would send nothing.
      await hub.people.patch({ ...change, id: 'ada' }, { consent: { sms: true } });
      expect(await sms()).toContain('ada 1 sms suppressed unsubscribed');
      await reply('start');
      expect(await sms()).toEqual(['ada 1 sms sent', 'bob 1 sms sent']);
      expect(await shown()).toMatchObject({
        addresses: { sms: { status: 'active' } },
        consent: { sms: { granted: true, source: 'START' } },
      });
    });

    test('START makes no dead number live', async () => {
      await hub.people.noteVerdict('default', {
        ...{ kind: 'sms', address: ADA.phone, status: 'invalid', reason: '30005', at: clock.now() },
      });
      await hub.people.replied({
        app: 'default',
        kind: 'sms',
        address: ADA.phone,
        wants: 'start',
        at: clock.now() + 1,
      });
      expect(await shown()).toMatchObject({ addresses: { sms: { status: 'invalid' } } });
    });

    test('a verdict is of the address: another one is active, and the first one again is not', async () => {
      const bounced = {
        kind: 'email',
        address: ADA.email,
        status: 'bounced',
        reason: '5.1.1',
        at: clock.now(),
      } as const;
      await hub.people.noteVerdict('default', bounced);
      expect(await mail('news')).toBe('ada 1 email suppressed bounced');
      await hub.people.patch({ ...change, id: 'ada' }, { email: 'new@example.com' });
      expect(await shown()).toMatchObject({ addresses: { email: { status: 'active' } } });
      expect(await mail('news')).toBe('ada 1 email sent');
      await hub.people.patch({ ...change, id: 'ada' }, { email: 'ADA@example.com' });
      expect(await shown()).toMatchObject({ addresses: { email: { status: 'bounced', reason: '5.1.1' } } });
      expect(await mail('news')).toBe('ada 1 email suppressed bounced');
      await hub.people.noteVerdict('default', {
        ...bounced,
        status: 'complained',
        reason: 'Complaint',
        at: clock.now() + 1,
      });
      expect(await mail('news')).toBe('ada 1 email suppressed unsubscribed');
    });
  });
});
