import type { Category, Environment, Provider, TargetKind } from '../../push/push.ts';

/** What can happen to a push. */
export const factKinds = [
  'received',
  'delivered',
  'failed',
  'retried',
  'reported',
  'late_delivered',
  'late_failed',
] as const;
export type FactKind = (typeof factKinds)[number];

/** What a verdict made of a push that had been accepted (docs/late-outcomes.md): the sums do not count it again. */
export const isLate = (kind: FactKind): boolean => kind === 'late_delivered' || kind === 'late_failed';

/** A target as it is kept: a mask to look at, a keyed hash to find it by, and the provider's name for its push. */
export type KeptTarget = readonly [mask: string, hash: string, providerId?: string];

/** What is known of a fact apart from its search keys. Absent: unknown, or as usual. Durations in milliseconds. */
export interface Details {
  /** Place of the notification within its request. */
  readonly index?: number | undefined;
  readonly platform?: string | undefined;
  readonly provider?: Provider | undefined;
  readonly environment?: Environment | undefined;
  /** UNIX milliseconds at which the request was accepted. */
  readonly receivedAt: number;
  /** From there to the first attempt. */
  readonly queuedMs?: number | undefined;
  /** From the attempt to its outcome. */
  readonly providerMs?: number | undefined;
  /** Which attempt it was, from 1. */
  readonly attempt?: number | undefined;
  /** Targets that it happened to. */
  readonly count?: number | undefined;
  /** Absent: device tokens. */
  readonly kind?: Exclude<TargetKind, 'token'> | undefined;
  /** Some of the targets, or all. */
  readonly targets?: readonly KeptTarget[] | undefined;
  readonly session?: number | undefined;
  /** Of the provider's answer, as are the four that follow. */
  readonly status?: number | undefined;
  readonly category?: Category | undefined;
  readonly error?: string | undefined;
  readonly providerId?: string | undefined;
  readonly unregisteredAt?: string | undefined;
  /** Until the next attempt. */
  readonly retryMs?: number | undefined;
  /** The hook took it. */
  readonly ok?: boolean | undefined;
  /** Of the request: its targets, its notifications, and who sent it. Only where all of it is recorded. */
  readonly requested?: number | undefined;
  readonly notifications?: number | undefined;
  /** Its notifications are for several apps: its figures are hidden from callers who may see only one of them. */
  readonly mixed?: true | undefined;
  readonly principal?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** One row of the history. */
export interface Fact {
  /** UNIX milliseconds. */
  readonly at: number;
  readonly kind: FactKind;
  readonly requestId: string;
  readonly notifId: string | undefined;
  readonly app: string;
  readonly reason: string | undefined;
  readonly details: Details;
}

/** A fact with its place in the history: later ones have higher numbers. */
export interface StoredFact extends Fact {
  readonly seq: number;
}
