import type { DeviceSettings } from '../settings/settings.ts';
import type { AddressedChannel, Channel } from '../words/channel.ts';
import type { Priority } from '../words/priority.ts';
import type { Mode } from './plan-doc.ts';

export const interruptionLevels = ['passive', 'active', 'time-sensitive', 'critical'] as const;
export type InterruptionLevel = (typeof interruptionLevels)[number];
export const urgencies = ['very-low', 'low', 'normal', 'high'] as const;
export type PushUrgency = (typeof urgencies)[number];

/** What a priority means (`hub.priorities`), where a notification does not say otherwise. */
export interface PriorityPolicy {
  readonly channels: readonly Channel[];
  readonly mode: Mode;
  /** Name of a sound; empty: none. */
  readonly sound: string;
  /** Category of iOS, for its buttons; empty: none. */
  readonly category: string;
  readonly interruption_level: InterruptionLevel;
  /** Of Web Push. */
  readonly urgency: PushUrgency;
}

/** At most so many in so long. */
export interface Limit {
  readonly max: number;
  readonly per_ms: number;
}

type ChannelLimits = Readonly<Partial<Record<Channel, readonly Limit[]>>>;

/** `hub.limits`, for each person. An empty list: no limit. */
export interface LimitPolicy {
  /** Over all types together. */
  readonly channels: ChannelLimits;
  /** In their place for the types of a pattern, and counted over those types only. */
  readonly types: Readonly<Record<string, ChannelLimits>>;
}

/** What the operator has decided for an app: the part of `hub.*` that deciding and rendering read. */
export interface HubPolicy {
  readonly priorities: Readonly<Record<Priority, PriorityPolicy>>;
  /** Settings of people who do not say otherwise. */
  readonly defaults: DeviceSettings;
  readonly limits: LimitPolicy;
  /** IANA name. */
  readonly timezone: string;
  /** A language tag; empty: none. */
  readonly locale: string;
  /** How long a stream is waited for. */
  readonly realtimeTimeoutMs: number;
  /** And how long after that the next channel goes. */
  readonly pushFallbackDelayMs: number;
  /** 0: the channels behind push go only when it has failed. */
  readonly escalateUnreadAfterMs: number;
  readonly consentRequired: readonly AddressedChannel[];
  readonly confidentialText: string;
  /** Channels that have failed for a person lately go behind the others. */
  readonly learnChannels: boolean;
  /** What is read on one device is taken away on the others. */
  readonly clearOnRead: boolean;
  /** Price of one message, by channel. */
  readonly prices: Readonly<Record<string, number>>;
  /** `apns-topic` without the suffix of a kind: the app's `default_topic`, else `ios.topic`; empty: none. */
  readonly iosTopic: string;
  /** `hub.push.mode: none`. */
  readonly sendsNoPushes?: boolean;
}
