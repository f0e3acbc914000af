import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { StreamTickets } from '../../../src/hub/streams/stream-tickets.ts';
import { needs } from '../../support/needs.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const MINUTE = 60_000;

describe.each(hubEngines)('tickets in $name', ({ needs: lacks, start }) => {
  describe('as docs/hub/streams.md says', needs(...lacks), () => {
    let place: HubPlace;
    let now = 1_800_000_000_000;
    const stores: HubStore[] = [];
    beforeAll(async () => {
      place = await start();
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    afterAll(() => place?.end());

    const on = (store: HubStore): StreamTickets => {
      stores.push(store);
      return new StreamTickets(store, () => now);
    };
    async function opened(): Promise<{ store: HubStore; tickets: StreamTickets }> {
      const store = await place.open(() => now);
      await store.ready;
      return { store, tickets: on(store) };
    }

    test('are good for a minute, and not a moment longer, nor than the right of who asked for them', async () => {
      const { tickets } = await opened();
      const [early, late] = [
        await tickets.issue('shop', 'ada', undefined),
        await tickets.issue('shop', 'ada', undefined),
      ];
      const short = await tickets.issue('shop', 'ada', now + 1000);
      expect([early.expiresAt, short.expiresAt]).toEqual([now + MINUTE, now + 1000]);
      now += 1000;
      expect(await tickets.redeem(short.ticket, 'ada')).toBeUndefined();
      now += MINUTE - 1001;
      expect(await tickets.redeem(early.ticket, 'ada')).toMatchObject({ app: 'shop', user: 'ada', endsAt: undefined });
      now += 1;
      expect(await tickets.redeem(late.ticket, 'ada')).toBeUndefined();
    });

    test('open one stream, however many try at the same moment, at whichever instance', async () => {
      const { tickets } = await opened();
      const all = [tickets];
      if (place.again) all.push(on(await place.again(() => now)));
      const { ticket } = await tickets.issue('shop', 'ada', undefined);
      expect(await tickets.redeem(ticket, 'bob')).toBeUndefined();
      const tries = Array.from({ length: 10 }, (_, at) =>
        (all[at % all.length] as StreamTickets).redeem(ticket, 'ada'),
      );
      expect((await Promise.all(tries)).filter((redeemed) => redeemed !== undefined)).toHaveLength(1);
    });

    test('are not in the store themselves, and what is no ticket is none', async () => {
      const { store, tickets } = await opened();
      const { ticket } = await tickets.issue('shop', 'ada', undefined);
      const rows = await store.db.selectFrom('stream_tickets').selectAll().execute();
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain(ticket);
      for (const guess of [
        '',
        String(rows[0]?.hash),
        `${ticket}a`,
        ticket.slice(1),
        `${ticket.slice(0, 42)}'`,
        'x'.repeat(100_000),
      ])
        expect(await tickets.redeem(guess, 'ada')).toBeUndefined();
      expect(await tickets.redeem(ticket, 'ada')).toBeDefined();
    });
  });
});
