/** What answers tell of a notification and of its people. */
import { isoInstant } from '../../../kit/time/instant.ts';
import { REQUEST_PREFIX } from '../../../push/hub-request.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { DecisionDetail, HopDecision } from '../../notifications/decision.ts';
import { states, TAKEN_STATES } from '../../notifications/decision.ts';
import type { HubStore, Row } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { type DecisionRow, decisionsOf } from '../rows/decision-rows.ts';
import { type NotificationSummary, openDoc } from '../rows/notification-rows.ts';
import type { RecipientTotals } from '../totals.ts';
import { countByState } from './state-counts.ts';

/** Explains a decision in a sentence that can be read out. */
export type WordsOf = (decision: HopDecision) => { readonly words: string; readonly advice?: string | undefined };

export interface DecisionView {
  readonly hop: number;
  readonly channel: string;
  readonly device?: string;
  readonly state: string;
  readonly reason?: string;
  readonly category?: string;
  readonly words: string;
  readonly at: string;
  readonly until?: string;
  readonly attempts: number;
  readonly provider_id?: string;
  /** The request id of the push that carried it. */
  readonly push_id?: string;
  readonly advice?: string;
}

export interface PersonView {
  readonly user: string;
  readonly decisions: readonly DecisionView[];
}

const detailOf = (row: Pick<DecisionRow, 'detail'>): DecisionDetail | undefined =>
  row.detail === null ? undefined : (JSON.parse(row.detail) as DecisionDetail);

/** What has left without a sound says why: its outcome has taken the place of the reason. */
const reasonOf = ({ state, reason }: DecisionRow, { silent }: DecisionDetail): string | null =>
  reason ?? (silent && TAKEN_STATES.has(state) ? 'quiet_hours' : null);

export function hopOf(row: DecisionRow): HopDecision {
  const { plan, ...detail } = detailOf(row) ?? {};
  const reason = reasonOf(row, detail);
  const known = { ...detail, ...(row.category === null ? {} : { category: row.category }) };
  return {
    ...{ hop: row.hop, channel: row.channel, state: row.state, at: row.at },
    ...(row.device === '' ? {} : { device: row.device }),
    ...(reason === null ? {} : { reason }),
    ...(row.until === null ? {} : { until: row.until }),
    ...(Object.keys(known).length === 0 ? {} : { detail: known }),
    ...(plan ? { plan } : {}),
    ...(row.state === 'pending' && row.due_row === null ? { isHanded: true } : {}),
  } as HopDecision;
}

/** One decision of a stored row, or of a preview. */
export function decisionView(
  decision: HopDecision,
  wordsOf: WordsOf,
  {
    attempts = 0,
    provider_id = null,
    batch = null,
  }: Partial<Pick<DecisionRow, 'attempts' | 'provider_id' | 'batch'>> = {},
): DecisionView {
  const { words, advice } = wordsOf(decision);
  const { hop, channel, device, state, reason, at, until, detail } = decision;
  return {
    ...{ hop, channel },
    ...(device === undefined ? {} : { device }),
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(detail?.category === undefined ? {} : { category: detail.category }),
    ...{ words, at: isoInstant(at) },
    ...(until === undefined || state === 'sent' ? {} : { until: isoInstant(until) }),
    attempts,
    ...(provider_id === null ? {} : { provider_id }),
    ...(batch === null ? {} : { push_id: REQUEST_PREFIX + batch }),
    ...(advice === undefined ? {} : { advice }),
  };
}

/** One decision as it is kept. */
export const storedDecisionView = (row: DecisionRow, wordsOf: WordsOf): DecisionView =>
  decisionView(hopOf(row), wordsOf, row);

/** A notification without its people. */
export function notificationView(
  { id, type, status, priority, created_at, done_at, totals, cancel_key, collapse_key }: NotificationSummary,
  counts?: ReadonlyMap<string, number>,
) {
  return {
    ...{ id, type, status, priority, created_at: isoInstant(created_at) },
    ...(done_at === null ? {} : { done_at: isoInstant(done_at) }),
    ...(cancel_key === null ? {} : { cancel_key }),
    ...(collapse_key === null ? {} : { collapse_key }),
    recipients: JSON.parse(totals) as RecipientTotals,
    ...(counts ? { counts: Object.fromEntries(states.map((state) => [state, counts.get(state) ?? 0])) } : {}),
  };
}

/** How many decisions are in each state, with what was asked. */
export async function wholeView({ db, seal }: Pick<HubStore, 'db' | 'seal'>, row: Row<'notifications'>) {
  const doc = readable(() => openDoc<AcceptedNotification>(seal, row));
  // What is confidential is for the person alone, whose token fetches it from the inbox.
  const isConfidential = doc?.confidential === true;
  const { title, message, url, data }: Partial<AcceptedNotification> = doc && !isConfidential ? doc : {};
  return {
    ...notificationView(row, await countByState(db, row.app, row.id)),
    ...(title === undefined ? {} : { title }),
    ...(message === undefined ? {} : { message }),
    ...(url === undefined ? {} : { url }),
    ...(data === undefined ? {} : { data }),
    ...(isConfidential ? { confidential: true as const } : {}),
    ...(doc ? {} : { unreadable: true as const }),
  };
}

export interface PeoplePage {
  readonly limit: number;
  /** The person after whom the page begins. */
  readonly after: string;
  /** Only this person. */
  readonly user?: string | undefined;
}

/** People of a notification with their decisions, by id; one more than the limit when there are more. */
export async function peopleView(
  { db }: Pick<HubStore, 'db'>,
  { app, id }: Row<'notifications'>,
  { limit, after, user }: PeoplePage,
  wordsOf: WordsOf,
): Promise<PersonView[]> {
  let query = db
    .selectFrom('recipients')
    .select('user')
    .where('app', '=', app)
    .where('notification', '=', id)
    .where('user', '>', after);
  if (user !== undefined) query = query.where('user', '=', user);
  const people = await query
    .orderBy('user')
    .limit(limit + 1)
    .execute();
  const rows = await decisionsOf(
    db,
    app,
    id,
    people.map(({ user }) => user),
  );
  const byUser = Map.groupBy(rows, ({ user }) => user);
  return people.map(({ user }) => ({
    user,
    decisions: (byUser.get(user) ?? []).map((row) => storedDecisionView(row, wordsOf)),
  }));
}
