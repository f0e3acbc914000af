import type { QuietAction } from '../settings/settings.ts';
import type { AddressedChannel, Channel } from '../words/channel.ts';
import type { ZoneSource } from '../words/time-zone.ts';
import type { Reached } from './plan-doc.ts';

/** What has become of one hop for one person, or for one device of that person. */
export const states = [
  'pending',
  'deferred',
  'sent',
  'delivered',
  'seen',
  'read',
  'failed',
  'suppressed',
  'cancelled',
  'expired',
] as const;
export type State = (typeof states)[number];

/** A provider, or the person's stream, has taken it: with or without news of it since. */
export const TAKEN_STATES: ReadonlySet<string> = new Set<State>(['sent', 'delivered', 'seen', 'read']);

/** Why; a failed hop has the provider's own word instead. */
export const hubReasons = [
  'scheduled',
  'user_disabled',
  'channel_disabled',
  'type_disabled',
  'severity_filtered',
  'status_filtered',
  'quiet_hours',
  'snoozed',
  'no_consent',
  'unsubscribed',
  'bounced',
  'no_address',
  'no_devices',
  'stale_device',
  'key_mismatch',
  'unreadable',
  'throttled',
  'duplicate',
  'superseded',
  'digested',
  'acked',
  'read',
  'resolved',
  'not_configured',
  'budget',
  'expired',
  'cancelled',
  'erased',
  'unknown_user',
] as const;
export type HubReason = (typeof hubReasons)[number];

export const isHubReason = (reason: string): reason is HubReason => (hubReasons as readonly string[]).includes(reason);

/** What is known of an address of a person: the verdict is of the address, not of the person. */
export type AddressStatus = 'active' | 'bounced' | 'complained' | 'unsubscribed' | 'invalid';

/** Parameters of the sentence that explains a decision; each is there where its reason needs it. */
export interface DecisionDetail {
  /** The zone of `until`. */
  readonly timezone?: string;
  readonly timezone_source?: ZoneSource;
  /** When it might have left, UNIX milliseconds, where it expires before that, at `until`. */
  readonly held_until?: number;
  readonly then?: QuietAction;
  /** Whose settings they are. */
  readonly by?: 'person' | 'device';
  readonly pattern?: string;
  readonly severity?: string;
  readonly status?: string;
  /** Not even a critical notification comes through. */
  readonly never?: boolean;
  /** The limit that was reached. */
  readonly max?: number;
  readonly per_ms?: number;
  readonly address?: Exclude<AddressStatus, 'active'>;
  /** The type was opted out of, not the channel. */
  readonly type?: string;
  readonly platform?: string;
  /** The configuration key that is missing. */
  readonly key?: string;
  /** Sent without sound. */
  readonly silent?: true;
  /** The digest that takes it: `key:` and the sender's key, or `quiet_hours`, `snoozed`, `digested` of the person's settings. */
  readonly digest?: string;
  /** How often the channel worked and failed lately, where that has put it behind others. */
  readonly learned?: { readonly worked: number; readonly failed: number };
  /** Of a provider's failure. */
  readonly category?: string;
  readonly advice?: string;
  /** Parts that an SMS was sent in. */
  readonly segments?: number;
  /** The hop that it waits for, while it does. */
  readonly plan?: HopPlan;
  /** Of what is not needed any more: the hop that has reached the person. */
  readonly hop?: number;
  /** How far the person had come. */
  readonly unless?: Reached;
}

/** When a hop goes, where it does not go at once. */
export interface HopPlan {
  /** The hop that it waits for. */
  readonly after: number;
  /** It is not needed any more once the person has come so far. */
  readonly unless: Reached;
  /** From the hand-over of `after` on. Absent: only once `after` has failed for good on all addresses. */
  readonly wait_ms?: number;
  /** From the end of that wait on; a stream that breaks off ends the wait, and not this. A failure of `after` ends both. */
  readonly delay_ms?: number;
}

export interface HopDecision {
  /** From 1. */
  readonly hop: number;
  readonly channel: Channel;
  /** Of a push to a device. */
  readonly device?: string;
  readonly state: State;
  /** One of `hubReasons`, or a provider's own word. */
  readonly reason?: HubReason | (string & {});
  /** UNIX ms of the decision. */
  readonly at: number;
  /** UNIX ms at which it is asked again, or is due where that is known. */
  readonly until?: number;
  readonly detail?: DecisionDetail;
  /** Absent: it goes at once. */
  readonly plan?: HopPlan;
  /** It has left, and nothing final was heard of it. */
  readonly isHanded?: boolean;
}

/** What one (channel, device) of a person may do now. */
export type HopVerdict = Pick<HopDecision, 'state' | 'reason' | 'until' | 'detail'>;

/** Whether something of a hop is still to come or under way. */
export const isLiving = ({ state }: Pick<HopDecision, 'state'>): boolean => state === 'pending' || state === 'deferred';

/** Reasons of which every hop must have one for a person to count as `no_channel`. */
const UNREACHABLE: ReadonlySet<string> = new Set<HubReason>([
  'no_devices',
  'no_address',
  'stale_device',
  'key_mismatch',
  'unreadable',
  'bounced',
  'not_configured',
]);

/** It says that there is no way to the person, rather than that it is not wanted. */
export const isUnreachable = (reason: string): boolean => UNREACHABLE.has(reason);

/** How a person counts in the totals of a notification. */
export type RecipientOutcome = 'queued' | 'held' | 'suppressed' | 'no_channel' | 'unknown';

/** Of all decisions about a person, as they were first made. */
export function recipientOutcome(decisions: readonly HopDecision[]): RecipientOutcome {
  if (decisions.some(({ state }) => state === 'pending' || state === 'sent')) return 'queued';
  if (decisions.some(({ state }) => state === 'deferred')) return 'held';
  if (decisions.some(({ reason }) => reason === 'unknown_user')) return 'unknown';
  return decisions.every(({ reason }) => isUnreachable(reason ?? '')) ? 'no_channel' : 'suppressed';
}

/** What an address of a channel is verified by. */
export type AddressVerdicts = Readonly<Partial<Record<AddressedChannel, AddressStatus>>>;
