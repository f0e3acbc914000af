import type { AcceptedNotification, PresenceState } from '../../../src/hub/notifications/decide-input.ts';
import { parseNotification } from '../../../src/hub/notifications/notification-doc.ts';
import type { HubPolicy } from '../../../src/hub/notifications/policy.ts';
import { ensurePeople } from '../../../src/hub/people/people.ts';
import type { PersonPart } from '../../../src/hub/people/person.ts';
import { Engagements } from '../../../src/hub/sends/engagements/engagements.ts';
import { eraseSends } from '../../../src/hub/sends/erase-sends.ts';
import { renderer } from '../../../src/hub/sends/renderer.ts';
import { endSnooze, replan } from '../../../src/hub/sends/replan.ts';
import { openDoc } from '../../../src/hub/sends/rows/notification-rows.ts';
import { Sends, type SendsOptions } from '../../../src/hub/sends/sends.ts';
import { wordsFor } from '../../../src/hub/sends/views/explained.ts';
import { sendsExports } from '../../../src/hub/sends/views/export-sends.ts';
import { Inbox } from '../../../src/hub/sends/views/inbox-book.ts';
import { SettingsBook } from '../../../src/hub/settings/settings-book.ts';
import type { HubDb, HubStore, Row } from '../../../src/hub/storage/storage.ts';
import { StoreUnavailable } from '../../../src/hub/storage/store-unavailable.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { expectToAddUp } from '../analytics/adds-up.ts';
import { Clock, change, directory } from '../directory.ts';
import { policy as usual } from '../notifications/decide-cases.ts';
import { ScriptedCarrier } from './scripted-carrier.ts';

interface HubOfSendsExtras extends Partial<SendsOptions> {
  /** What other parts keep of a person. */
  readonly parts?: readonly PersonPart[];
  /** What else follows people's clocks. */
  readonly moved?: (tx: HubDb, app: string, users: readonly string[]) => Promise<unknown>;
}

/** The hub on one store, up to a scripted carrier, with a clock that stands still. */
export function hubOfSends(
  store: HubStore,
  clock = new Clock(),
  policy: HubPolicy = usual,
  { parts = [], moved, ...more }: HubOfSendsExtras = {},
) {
  const carrier = new ScriptedCarrier(clock.now);
  const said: string[] = [];
  const presence = new Map<string, PresenceState>();
  const changed = async (tx: HubDb, app: string, users: readonly string[]): Promise<void> => {
    await replan(tx, app, users, clock.now());
    await moved?.(tx, app, users);
  };
  const own: PersonPart = {
    name: 'notifications',
    erase: async (tx, app, user) => ({ ...(await eraseSends(tx, { seal: store.seal, now: clock.now() }, app, user)) }),
  };
  const exported = sendsExports({ store, policyOf: () => policy, wordsOf: wordsFor(builtIn) });
  const book = directory(store, clock, { changed, parts: [own, ...parts], exported });
  const sends = new Sends({
    ...{ store, carrier, instance: 'here', staleAfterMs: 270 * 86_400_000, now: clock.now },
    monotonic: clock.now,
    policyOf: () => policy,
    rendererOf: renderer({ policyOf: () => policy, now: clock.now }),
    presenceOf: async () => presence,
    applyVerdicts: (verdicts) => book.removals.apply(verdicts),
    noteAddresses: async () => {},
    tell: (_level, message) => said.push(message),
    ...more,
  });
  /** `isErased`: decisions were deleted, and what they had come to stays. */
  const figures = { isErased: false };
  const close = sends.close.bind(sends);
  // Whatever a test has done: the figures are those of its decisions.
  sends.close = async () => {
    await close();
    if (!figures.isErased)
      await expectToAddUp(store).catch((error: unknown) => {
        // The test has closed it, or taken it away.
        if (!(error instanceof StoreUnavailable)) throw error;
      });
  };
  const settings = new SettingsBook({
    store,
    now: clock.now,
    makePeople: (tx, app, ids, now) => ensurePeople(tx, store, app, ids, now),
    wanted: async (tx, app, user, types) => {
      for (const { type } of types) await book.people.wantsAgain(tx, { app, user, type, until: clock.now() });
    },
    woken: (tx, app, user) => endSnooze(tx, app, user, clock.now()),
    changed,
    committed: () => {},
  });
  const inbox = new Inbox({ store, marking: sends.marking, now: clock.now, policyOf: () => policy });
  let count = 0;
  return {
    ...book,
    ...{ carrier, sends, settings, inbox, presence, said, figures },
    engagements: new Engagements({ store, marking: sends.marking, now: clock.now }),
    /** Sends a body of POST /v1/notifications. */
    async send(body: object) {
      const doc = parseNotification({ message: `m${++count}`, ...body }, { timezone: 'UTC' });
      if (Array.isArray(doc)) throw new Error(JSON.stringify(doc));
      const { answer } = await sends.accept({ app: 'default', doc: doc as never, bodyHash: JSON.stringify(body) });
      await sends.settle();
      return answer;
    },
    async pass(ms: number) {
      clock.pass(ms);
      await sends.settle();
      await sends.settle();
    },
    /** `<user> <hop> <channel> <state> <reason>` of each decision. */
    async decisions(notification?: string): Promise<string[]> {
      let query = store.db.selectFrom('decisions').selectAll().orderBy('notification').orderBy('user').orderBy('hop');
      if (notification !== undefined) query = query.where('notification', '=', notification);
      const rows = await query.orderBy('channel').orderBy('device').execute();
      return rows.map(({ user, hop, channel, state, reason }) =>
        [user, hop, channel, state, ...(reason === null ? [] : [reason])].join(' '),
      );
    },
    statusOf: async (id: string) =>
      (await store.db.selectFrom('notifications').select('status').where('id', '=', id).executeTakeFirst())?.status,
    /** What a notification says. */
    opened: (row: Row<'notifications'>) => openDoc<AcceptedNotification>(store.seal, row),
    change: (user: string) => ({ ...change, user }),
  };
}
