/** What would be decided about a notification at some moment. Stores nothing and sends nothing. */

import type { AcceptedNotification, PresenceState } from '../../notifications/decide-input.ts';
import type { HopDecision } from '../../notifications/decision.ts';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import type { PushCarrier } from '../../push/push-carrier.ts';
import type { HubStore } from '../../storage/storage.ts';
import { audienceOf } from '../audience/audience.ts';
import { audiencePage, unknownOf } from '../audience/audience-page.ts';
import { audienceSize } from '../audience/audience-size.ts';
import { channelsOf, factsOf } from '../facts/facts.ts';
import { decideFor } from '../step-people.ts';
import { firstStatus, noTotals, type RecipientTotals, withPeople, withUndecided, withUnknown } from '../totals.ts';

export interface PreviewParts {
  readonly store: HubStore;
  readonly carrier: Pick<PushCarrier, 'can'>;
  readonly policyOf: (app: string) => HubPolicy;
  readonly staleAfterMs: number;
}

export interface PreviewOrder {
  readonly app: string;
  readonly doc: NotificationDoc;
  /** UNIX milliseconds: the clock that it decides by. */
  readonly at: number;
  /** By person; absent: offline. */
  readonly presence: Readonly<Record<string, PresenceState>>;
  readonly limit: number;
}

export interface Preview {
  readonly status: string;
  readonly recipients: RecipientTotals;
  readonly people: readonly { readonly user: string; readonly decisions: readonly HopDecision[] }[];
}

export async function preview(parts: PreviewParts, { app, doc, at, presence, limit }: PreviewOrder): Promise<Preview> {
  const { store, carrier, policyOf, staleAfterMs } = parts;
  const policy = policyOf(app);
  const notification: AcceptedNotification = { ...doc, id: doc.id ?? 'preview', app, created_at: at };
  const to = audienceOf(doc);
  const { people, next } = await audiencePage(store.db, app, to, '', limit);
  const users = people.map(({ user }) => user);
  const asked = { app, policy, channels: channelsOf(doc, policy) };
  const facts = await factsOf({ db: store.db, seal: store.seal, now: at, staleAfterMs }, asked, users);
  const decided = people.map(({ user, only }) => {
    const own = facts.get(user);
    if (!own) return { user, decisions: [] };
    const person = { notification, facts: own, only, presence: presence[user] ?? 'offline' };
    const can = (of: string, platform: string): boolean => carrier.can(of, platform);
    return { user, decisions: decideFor(person, { policyOf, can, now: at }) };
  });
  const known = withUnknown(withPeople(noTotals, decided), await unknownOf(store.db, app, to));
  const left = next === undefined ? 0 : (await audienceSize(store.db, app, to)) - people.length;
  const recipients = withUndecided(known, left);
  return {
    status: firstStatus(
      recipients,
      decided.flatMap(({ decisions }) => decisions),
    ),
    recipients,
    people: decided,
  };
}
