import type { DeviceSettings, EffectiveSettings } from '../settings/settings.ts';
import type { AddressedChannel } from '../words/channel.ts';
import type { AddressVerdicts } from './decision.ts';
import type { ChannelRecords } from './learned-order.ts';
import type { NotificationDoc } from './notification-doc.ts';
import type { HubPolicy } from './policy.ts';
import type { UsageEntry } from './throttle.ts';

/** A notification that was accepted. */
export interface AcceptedNotification extends NotificationDoc {
  readonly id: string;
  readonly app: string;
  /** UNIX milliseconds. */
  readonly created_at: number;
  /** What it is about, where a part of the hub has made it: `incident:<id>`. */
  readonly about?: string;
  /** In the place of that of its priority. */
  readonly sound?: string;
  /** Who is asleep (quiet hours, a snooze) is not disturbed by it, whatever its priority. */
  readonly awake_only?: true;
  /** Devices that a digest's push is for, where that is not all of the person's: of what it tells nothing is wanted on the others. */
  readonly push_to?: readonly string[];
}

/** A person as far as deciding and rendering are concerned. */
export interface PersonFacts {
  readonly id: string;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly slack?: string | undefined;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  /** What is kept of the addresses cannot be read. */
  readonly unreadable?: true;
  readonly consent?: Readonly<Partial<Record<AddressedChannel, { readonly granted: boolean } | undefined>>> | undefined;
}

export type DeviceKind = 'alert' | 'voip' | 'liveactivity';

/** A device of the person, whatever its status. */
export interface DeviceFacts {
  readonly id: string;
  readonly platform: string;
  readonly kind: DeviceKind;
  readonly status: 'active' | 'invalid' | 'key_mismatch' | 'signed_out' | 'stale';
  readonly enabled: boolean;
  readonly locale?: string;
  readonly timezone?: string;
  readonly settings?: DeviceSettings;
  /** What is kept of the token cannot be read. */
  readonly unreadable?: true;
  /** UNIX milliseconds. */
  readonly last_seen_at: number;
}

export type PresenceState = 'active' | 'idle' | 'offline';

/** What has made a notification needless for a person before it left. */
export type Ended = 'erased' | 'cancelled' | 'superseded' | 'acked' | 'read' | 'resolved';

/** Everything that a decision depends on. */
export interface DecideInput {
  readonly notification: AcceptedNotification;
  /** Absent: there is no such person. */
  readonly person?: PersonFacts | undefined;
  readonly settings: EffectiveSettings;
  readonly devices: readonly DeviceFacts[];
  readonly presence: PresenceState;
  /** Absent: active. */
  readonly addresses: AddressVerdicts;
  /** Types that the person has unsubscribed from on a channel. */
  readonly optOuts?: readonly { readonly channel: AddressedChannel; readonly type: string }[];
  /** Of this person, as far back as `longestWindow`. */
  readonly usage: readonly UsageEntry[];
  readonly policy: HubPolicy;
  /** Whether the app can send to a platform: `ios`, `web`, `email`, … */
  can(platform: string): boolean;
  readonly ended?: Ended | undefined;
  /** The person has got this notification already. */
  readonly duplicate?: boolean;
  /** Devices that the sender has named; with `devicesOnly` the person is meant by them alone. */
  readonly namedDevices?: readonly string[];
  readonly devicesOnly?: boolean;
  /** UNIX ms at which a digest that has begun already ends for this person, by the sender's key. */
  readonly openDigests?: ReadonlyMap<string, number>;
  /** It is a digest itself. */
  readonly isDigest?: boolean;
  readonly records?: ChannelRecords;
  /** UNIX milliseconds. */
  readonly now: number;
}
