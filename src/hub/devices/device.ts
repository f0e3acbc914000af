import type { JsonObject } from '../../push/push.ts';
import type { DeviceSettings } from '../settings/settings.ts';

/**
 * `active`; `invalid`: its provider said that the token is dead; `key_mismatch`: made with a key that the app does not have (any
 * more); `signed_out`: it belongs to no one; `stale`: not heard of for `hub.devices.stale_after`. Only active ones are sent to.
 */
export type DeviceStatus = 'active' | 'invalid' | 'key_mismatch' | 'signed_out' | 'stale';

/** What is known of a token by itself. */
export type TokenStatus = Extract<DeviceStatus, 'active' | 'invalid' | 'key_mismatch'>;

/** A verdict that was not believed, as too many came at once. */
export interface Suspicion {
  readonly reason: string;
  readonly at: number;
}

/** What a device says of itself. */
export interface DeviceDoc {
  /** Whose it is, in the order in which they were named; empty: signed out. */
  readonly users: readonly string[];
  readonly name?: string;
  readonly model?: string;
  readonly os_version?: string;
  readonly app_version?: string;
  /** BCP 47. */
  readonly locale?: string;
  /** IANA. */
  readonly timezone?: string;
  readonly capabilities: JsonObject;
  readonly enabled: boolean;
  /** As those of a person, without `devices`; they can forbid more, and allow nothing. */
  readonly settings: DeviceSettings;
  readonly topics: readonly string[];
  /** The same for each device row of one installation of an app: a new one takes the place of those before. */
  readonly installation_hint?: string;
}

/** A device without its token. Times are UNIX milliseconds. */
export interface Device extends DeviceDoc {
  readonly app: string;
  readonly id: string;
  /** `ios`, `web`, … */
  readonly platform: string;
  readonly kind: 'alert' | 'voip' | 'liveactivity';
  readonly environment: string;
  readonly status: DeviceStatus;
  /** Why it is in that status: the provider's word. */
  readonly reason?: string;
  /** Since when. */
  readonly status_at: number;
  readonly suspect?: Suspicion;
  /** Keyed hash of what the token is known by. */
  readonly token_hash: string;
  /** When a PUT or POST last brought this token: a verdict from before says nothing about it. */
  readonly token_at: number;
  /** Counts them, see `token-rev.ts`. A push notes it, so that a verdict about an earlier one changes nothing. */
  readonly token_rev: number;
  /** Counts the changes. */
  readonly rev: number;
  readonly registered_at: number;
  readonly last_seen_at: number;
}

/** One that can be sent to. */
export interface ReachableDevice extends Device {
  /** The token, or the JSON of a subscription. A secret: it is opened when it is asked for. */
  target(): string;
}

/** What a provider said of one device's token, as far as it matters for the device. */
export interface DeviceVerdict {
  readonly app: string;
  readonly device: string;
  /** `Device.token_rev` of when the push was made. */
  readonly tokenRev: number;
  /** `taken`: only asked for where `Device.suspect` is there, which it takes away. */
  readonly verdict: 'dead' | 'key_mismatch' | 'taken';
  /** The provider's word. */
  readonly reason: string;
  /** UNIX milliseconds, of the answer. */
  readonly at: number;
  /** UNIX milliseconds, where the provider says since when the token is dead: of the same token this decides, however often it was brought. */
  readonly deadSince?: number | undefined;
}

/** What the hub asks of devices when it sends. */
export interface DeviceBook {
  /** The devices of some people, by person, ordered by id; those without any are absent. */
  ofUsers(app: string, users: readonly string[]): Promise<ReadonlyMap<string, readonly ReachableDevice[]>>;
  /** Those of the ids that there are. */
  byIds(app: string, ids: readonly string[]): Promise<ReadonlyMap<string, ReachableDevice>>;
  /** Takes in what providers said. @returns the ids of devices that are dead by it */
  applyVerdicts(verdicts: readonly DeviceVerdict[]): Promise<readonly string[]>;
}
