import { type HopDecision, isLiving, type RecipientOutcome, recipientOutcome } from '../notifications/decision.ts';

/** How far a notification is as a whole. */
export const notificationStatuses = ['scheduled', 'pending', 'done', 'cancelled', 'expired', 'unreachable'] as const;
export type NotificationStatus = (typeof notificationStatuses)[number];

/** Nothing of a notification is to come. */
export const isOver = (status: NotificationStatus): boolean => status !== 'pending' && status !== 'scheduled';

/** How the people of a notification count, as it was decided when they were first looked at. */
export interface RecipientTotals {
  readonly total: number;
  readonly queued: number;
  readonly held: number;
  readonly suppressed: number;
  readonly no_channel: number;
  readonly unknown: number;
  /** Of a notification to very many: those that were not looked at yet. */
  readonly undecided?: number;
  readonly ids: {
    readonly suppressed: readonly string[];
    readonly no_channel: readonly string[];
    readonly unknown: readonly string[];
  };
}

/** Ids of each kind that an answer names. */
const MOST_IDS = 100;

export const noTotals: RecipientTotals = {
  ...{ total: 0, queued: 0, held: 0, suppressed: 0, no_channel: 0, unknown: 0 },
  ids: { suppressed: [], no_channel: [], unknown: [] },
};

/** With people who were looked at. */
export function withPeople(
  totals: RecipientTotals,
  people: readonly { readonly user: string; readonly decisions: readonly HopDecision[] }[],
): RecipientTotals {
  const counts = { ...totals };
  const ids = { ...totals.ids };
  for (const { user, decisions } of people) {
    const outcome = recipientOutcome(decisions);
    counts[outcome]++;
    counts.total++;
    if (outcome !== 'queued' && outcome !== 'held' && ids[outcome].length < MOST_IDS)
      ids[outcome] = [...ids[outcome], user];
  }
  return { ...counts, ids };
}

/** How many people counted as what. */
export type OutcomeCounts = Readonly<Partial<Record<RecipientOutcome, number>>>;

export function countOutcomes(people: readonly { readonly decisions: readonly HopDecision[] }[]): OutcomeCounts {
  const counts: Partial<Record<RecipientOutcome, number>> = {};
  for (const { decisions } of people) {
    const outcome = recipientOutcome(decisions);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** With people who are to be looked at later. */
export const withUndecided = (totals: RecipientTotals, left: number): RecipientTotals =>
  left > 0 ? { ...totals, total: totals.total + left, undecided: left } : totals;

/** With ids that belong to no one. */
export const withUnknown = (totals: RecipientTotals, unknown: readonly string[]): RecipientTotals =>
  unknown.length === 0
    ? totals
    : {
        ...totals,
        total: totals.total + unknown.length,
        unknown: totals.unknown + unknown.length,
        ids: { ...totals.ids, unknown: [...totals.ids.unknown, ...unknown].slice(0, MOST_IDS) },
      };

/** It is in the person's stream once it is committed, and nothing more comes of it. */
const isInStream = ({ state, channel, plan }: HopDecision): boolean =>
  state === 'pending' && channel === 'realtime' && plan === undefined;

/** What a notification is as a whole, right after everyone was looked at. */
export function firstStatus(totals: RecipientTotals, decisions: readonly HopDecision[]): NotificationStatus {
  if (totals.undecided) return 'pending';
  const left = decisions.filter((decision) => isLiving(decision) && !isInStream(decision));
  if (left.length > 0) return left.every(({ reason }) => reason === 'scheduled') ? 'scheduled' : 'pending';
  if (decisions.length > 0 && decisions.every(({ state }) => state === 'expired')) return 'expired';
  return totals.queued + totals.held > 0 ? 'done' : 'unreachable';
}
