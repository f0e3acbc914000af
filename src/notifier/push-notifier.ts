import type { IncidentData, NotificationType } from './incident-data.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
type JsonFields = { readonly [key: string]: Json | undefined };

/** A phone, a browser or an app's installation, and whose it is. Fields are those of `PUT /v1/devices/{device}`. */
export interface DeviceRegistration {
  /** The installation's own id; default: one that follows from the token. */
  readonly id?: string;
  /** Whose it is; `null`: signed out, it gets nothing. */
  readonly user?: string | null;
  /** Several accounts on one device, on purpose; at most 8, instead of `user`. */
  readonly users?: readonly string[];
  readonly platform: 'ios' | 'android' | 'huawei' | 'web' | 'expo' | 'ntfy';
  /** Default `alert`. */
  readonly kind?: 'alert' | 'voip' | 'liveactivity';
  readonly token?: string;
  /** Of a browser, in place of a token. */
  readonly subscription?: {
    readonly endpoint: string;
    readonly keys: { readonly p256dh: string; readonly auth: string };
    readonly application_server_key?: string;
  };
  readonly name?: string;
  readonly model?: string;
  readonly os_version?: string;
  readonly app_version?: string;
  readonly locale?: string;
  readonly timezone?: string;
  /** APNs knows two. */
  readonly environment?: 'production' | 'development';
  readonly capabilities?: JsonFields;
  readonly enabled?: boolean;
  readonly settings?: JsonFields;
  readonly topics?: readonly string[];
}

/** A device, without its token. Instants are ISO 8601. */
export interface NotifierDevice {
  readonly id: string;
  readonly user?: string | null;
  readonly users?: readonly string[];
  readonly platform: string;
  readonly kind: string;
  readonly environment: string;
  readonly name?: string;
  readonly model?: string;
  readonly enabled: boolean;
  /** `active invalid key_mismatch signed_out stale` */
  readonly status: string;
  readonly reason?: string;
  readonly token_mask: string;
  /** The same for the same token. */
  readonly fingerprint: string;
  readonly registered_at: string;
  readonly last_seen_at: string;
}

/** A device, and what the call did. */
export interface RegisteredNotifierDevice extends NotifierDevice {
  readonly created?: true;
  /** Another person, or another device, had the token. */
  readonly moved?: true;
  /** The device has another token than before. */
  readonly rotated?: true;
  /** Ids of the person's devices that had to make room. */
  readonly removed?: readonly string[];
}

/** Mail, SMS and Slack need the address and the person's consent. */
export interface PersonFields {
  readonly name?: string | null;
  readonly email?: string | null;
  /** E.164: `+4930123456`. */
  readonly phone?: string | null;
  /** A Slack channel, the person's id there, or an incoming webhook's URL. */
  readonly slack?: string | null;
  readonly locale?: string | null;
  readonly timezone?: string | null;
  readonly roles?: readonly string[];
  readonly teams?: readonly string[];
  readonly data?: JsonFields;
  /** `true`: given just now. */
  readonly consent?: Readonly<
    Partial<Record<'email' | 'sms' | 'slack', boolean | { granted: boolean; at?: string; source?: string }>>
  >;
}

/** A person as the hub knows them. */
export interface NotifierPerson {
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly slack?: string;
  readonly locale?: string;
  readonly timezone?: string;
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  readonly data: JsonFields;
  readonly consent: Readonly<
    Record<string, { readonly granted: boolean; readonly at: string; readonly source: string }>
  >;
  /** What is known of each address: `active bounced complained unsubscribed invalid`. */
  readonly addresses: Readonly<
    Record<string, { readonly status: string; readonly reason?: string; readonly at?: string }>
  >;
  /** Types that the person does not want by a channel any more. */
  readonly opt_outs: readonly {
    readonly channel: string;
    readonly type: string;
    readonly at: string;
    readonly source: string;
  }[];
  readonly created_at: string;
  readonly updated_at: string;
}

/** What a person wants to hear, when and by which way: docs/hub/settings.md. */
export type NotifierSettings = JsonFields;

export interface NotificationRecipients {
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly roles?: readonly string[];
  readonly topics?: readonly string[];
  readonly devices?: readonly string[];
  readonly everyone?: boolean;
  readonly except?: readonly string[];
}

/** The body of `POST /v1/notifications`; what is not named here is taken as well. */
export interface NotificationToSend {
  /** Unique; the same again is answered like the first. */
  readonly id?: string;
  readonly type?: string;
  readonly title?: string;
  readonly message?: string;
  readonly url?: string;
  readonly priority?: 'low' | 'medium' | 'high' | 'critical' | 'normal' | 'immediate';
  readonly severity?: string;
  readonly status?: string;
  readonly data?: JsonFields;
  readonly to: NotificationRecipients;
  readonly [field: string]: unknown;
}

/** People, by what is to become of them. */
export interface NotifierTotals {
  readonly total: number;
  readonly queued: number;
  readonly held: number;
  readonly suppressed: number;
  readonly no_channel: number;
  readonly unknown: number;
  /** Some of each of the last three. */
  readonly ids?: Readonly<Partial<Record<'suppressed' | 'no_channel' | 'unknown', readonly string[]>>>;
}

export interface SentNotification {
  readonly id: string;
  /** `scheduled pending done cancelled expired unreachable` */
  readonly status: string;
  readonly recipients: NotifierTotals;
}

/** One person, channel and device. */
export interface NotifierDecision {
  readonly hop: number;
  readonly channel: string;
  readonly device?: string;
  /** `pending deferred sent delivered seen read failed suppressed cancelled expired` */
  readonly state: string;
  readonly reason?: string;
  /** The reason in a sentence that can be read out. */
  readonly words: string;
  readonly at: string;
  readonly until?: string;
  readonly attempts: number;
  readonly advice?: string;
}

export interface NotificationReport extends SentNotification {
  readonly counts: Readonly<Record<string, number>>;
  /** The first 1,000. */
  readonly people: readonly { readonly user: string; readonly decisions: readonly NotifierDecision[] }[];
}

export interface NotifierHealth {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly status: 'pass' | 'warn' | 'fail';
    readonly output?: string;
  }[];
}

/** Errors that calls reject with: `code` says which kind, `details` where a field is wrong. */
export interface NotifierError extends Error {
  readonly code: string;
  readonly details?: readonly { readonly path: string; readonly reason: string }[];
}

/** The hub without a server. All calls may be made at the same time. They reject with a `NotifierError`. */
export interface PushNotifier {
  registerDevice(device: DeviceRegistration): Promise<RegisteredNotifierDevice>;
  /** @returns whether it was there */
  unregisterDevice(idOrToken: string): Promise<boolean>;
  devices(user: string): Promise<readonly NotifierDevice[]>;
  settings(user: string): Promise<NotifierSettings>;
  /** Lays a merge patch (RFC 7396) over a person's settings. @returns all of them */
  updateSettings(user: string, patch: NotifierSettings): Promise<NotifierSettings>;
  /** Resolves once it is kept, so that it survives the end of the process. */
  send(notification: NotificationToSend): Promise<SentNotification>;
  /** The same about an incident: `data` has its title, message and severity, and anything else that goes along. */
  sendIncidentNotification(
    incident: string,
    users: readonly string[],
    type: NotificationType,
    data?: IncidentData,
  ): Promise<SentNotification>;
  /** What became of a notification; undefined: there is none. */
  notification(id: string): Promise<NotificationReport | undefined>;
  /** Undefined: there is no such person. The first device, setting or `updatePerson` makes one. */
  person(user: string): Promise<NotifierPerson | undefined>;
  /** Lays a merge patch over what is known of a person, and makes the person. */
  updatePerson(user: string, patch: PersonFields): Promise<NotifierPerson>;
  /** Deletes everything about a person: devices, settings, notifications, what waits. @returns how many of each */
  erasePerson(user: string): Promise<Readonly<Record<string, number>>>;
  health(): Promise<NotifierHealth>;
  /** Takes no more, lets what is under way end, and closes. */
  close(): Promise<void>;
}
