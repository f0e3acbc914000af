import { randomUUID } from 'node:crypto';
import { Rolling } from '../../hub/analytics/rolling.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import { ensurePeople } from '../../hub/people/people.ts';
import type { AddressKind, PersonPart } from '../../hub/people/person.ts';
import { Withdrawing } from '../../hub/people/withdrawing.ts';
import type { PushCarrier } from '../../hub/push/push-carrier.ts';
import { eraseSends } from '../../hub/sends/erase-sends.ts';
import type { HubEvents } from '../../hub/sends/hub-events.ts';
import type { NoChannelHook } from '../../hub/sends/no-channel.ts';
import { endSnooze, replan } from '../../hub/sends/replan.ts';
import type { Sends } from '../../hub/sends/sends.ts';
import { wordsFor } from '../../hub/sends/views/explained.ts';
import { sendsExports } from '../../hub/sends/views/export-sends.ts';
import { SettingsBook, settingsPart, type WantedType } from '../../hub/settings/settings-book.ts';
import type { HubDb, HubStore } from '../../hub/storage/storage.ts';
import { isAddressed } from '../../hub/words/channel.ts';
import { toMs } from '../../kit/seconds.ts';
import type { Log } from '../../observe/log/log.ts';
import type { FullConfig } from '../../providers/registry.ts';
import type { Relay } from '../relay.ts';
import { type HubDirectory, openDirectory } from './hub-directory.ts';
import { type HubNouns, nounParts, nounWorks, openHubNouns, renewNouns } from './hub-nouns.ts';
import type { HubReplies } from './hub-replies.ts';
import { openHubSends } from './hub-sends.ts';
import type { HubLive } from './hub-streams.ts';
import { personWithdrawal } from './withdraw-person.ts';
import { renewZones } from './zone-at-start.ts';

export interface HubCoreParts {
  readonly relay: Pick<Relay, 'apps' | 'sectionOf' | 'forget' | 'forgetEvents'>;
  readonly config: FullConfig;
  readonly store: HubStore;
  readonly carrier: PushCarrier;
  /** What people answer to messages. */
  readonly replies: HubReplies;
  readonly events?: HubEvents | undefined;
  readonly noChannel?: NoChannelHook | undefined;
  /** The streams of people; undefined: notifications go by all other channels. */
  readonly live?: HubLive | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** The hub without a server: who there is, what they want to hear, and what is sent to them. */
export interface HubCore extends HubDirectory, HubNouns {
  readonly settings: SettingsBook;
  readonly sends: Sends;
  readonly policyOf: (app: string) => HubPolicy;
  /** Begins with what is due. */
  start(): void;
}

/** A person wants types again that they had opted out of. */
async function wantedTypes(
  people: HubDirectory['people'],
  whose: { readonly app: string; readonly user: string; readonly until: number },
  tx: HubDb,
  types: readonly WantedType[],
): Promise<void> {
  for (const { type, channels } of types) {
    const addressed = channels?.filter(isAddressed);
    await people.wantsAgain(tx, { ...whose, type, channels: addressed });
  }
}

const hearReplies = (replies: HubReplies, people: HubDirectory['people']): void =>
  replies.listen(({ app, platform, from: address, wants, at }) =>
    people.replied({ app, kind: platform as AddressKind, address, wants, at }),
  );

/** What the hub sent to a person goes with the person. */
const sendsPart = (store: HubStore, now: () => number): PersonPart => ({
  name: 'notifications',
  // The store may not be there yet: its keys are asked for when they are needed.
  erase: async (tx, app, user) => ({ ...(await eraseSends(tx, { seal: store.seal, now: now() }, app, user)) }),
});

/** Opens the hub on its store. Nothing is due before `start()`. */
export function openHubCore(parts: HubCoreParts, closers: AsyncDisposableStack): HubCore {
  const { relay, config, store, carrier, replies, events, noChannel, live, log, now } = parts;
  const { stale_after: stale, keep_dead: keep } = config.hub.devices;
  // People and devices are there before what sends to them.
  let nudge = (_at: number): void => {};
  let isDue = false;
  const changed = async (tx: HubDb, app: string, users: readonly string[]): Promise<void> => {
    if (await replan(tx, app, users, now())) isDue = true;
    if (await nouns.tasks.moved(tx, app, users)) isDue = true;
  };
  const committed = (): void => {
    if (isDue) nudge(now());
    isDue = false;
  };
  const wordsOf = wordsFor(relay.apps.providers);
  const withdrawing = new Withdrawing({
    ...{ store, now, own: personWithdrawal({ relay, carrier }), newId: randomUUID },
    doubt: (app, targets) => carrier.doubt?.(app, targets),
    instances: () => sending.sends.instances,
  });
  closers.defer(() => withdrawing.close());
  const directory = openDirectory(
    {
      ...{ changed, committed, store, now, withdrawing, providers: relay.apps.providers },
      parts: [
        settingsPart,
        sendsPart(store, now),
        ...nounParts(store, () => sending.sends.notices),
        ...(live ? [live.part] : []),
      ],
      exported: sendsExports({ store, wordsOf, policyOf: (app) => sending.policyOf(app) }),
      sectionOf: (app, row) => relay.sectionOf(app, row),
      ...{ staleAfterMs: toMs(stale), keepDeadMs: toMs(keep) },
      tell: (level, message) => log[level](message),
    },
    closers,
  );
  const { people, removals } = directory;
  const sending = openHubSends(
    {
      ...{ store, carrier, config, events, noChannel, live, log, now, apps: relay.apps },
      works: { ...nounWorks(() => nouns), ...live?.works },
      applyVerdicts: (verdicts) => removals.apply(verdicts),
      noteAddress: (app, verdict) => people.noteVerdict(app, verdict),
    },
    closers,
  );
  nudge = sending.sends.nudge;
  withdrawing.start();
  const settings = new SettingsBook({
    ...{ store, now, changed, committed },
    wanted: (tx, app, user, types) => wantedTypes(people, { app, user, until: now() }, tx, types),
    makePeople: (tx, app, ids, at) => ensurePeople(tx, store, app, ids, at),
    woken: (tx, app, user) => endSnooze(tx, app, user, now()),
  });
  hearReplies(replies, people);
  const { notices } = sending.sends;
  const { policyOf } = sending;
  const nouns = openHubNouns({ store, notices, config, policyOf, events, log, now, apps: relay.apps }, closers);
  const rolling = new Rolling({
    ...{ store, now, retentionMs: toMs(config.hub.analytics.retention) },
    tell: (level, message) => log[level](message),
  });
  closers.defer(() => rolling.close());
  const start = (): void => {
    sending.sends.start();
    rolling.start();
    renewNouns(nouns, log);
    renewZones({ store, zoneOf: (app) => policyOf(app).timezone, changed }, committed, log);
  };
  return { ...directory, ...sending, ...nouns, settings, start };
}
