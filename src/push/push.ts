/**
 * The domain: what a push is, what can become of it, and who carries it. Imports nothing of ours.
 *
 * A `Notification` has the field names of Gorush's request JSON, so that one spelling serves the HTTP body, the queue record
 * and the broker entry: `JSON.stringify(notification)` is what a Gorush would have queued.
 */

/** A JSON value as the caller wrote it. An integer that a double cannot hold is a `JSON.rawJSON` object: digits survive. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };

/** Names of a provider (`apns`) and of its platform (`ios`): those of its row in the table of providers. */
export type Provider = string;
export type PlatformName = string;
/** APNs has two hosts that know different tokens; the others have one and are always `production`. */
export type Environment = 'production' | 'development';
/**
 * What one push is addressed to. A topic or a condition is one push, however many devices receive it. A subscription is a token that came as an
 * object: its target is the JSON, and answers and logs show its address.
 */
export type TargetKind = 'token' | 'topic' | 'condition' | 'subscription';

/** How a target is shown where it is not shown as it is. */
export interface TargetForm {
  /** In answers, hooks, logs and the history; at most a few hundred characters. Default: as it is. */
  shown?(target: string, kind: TargetKind): string;
  /** In a log line with `log.hide_token`. Default: stars, as Gorush writes them. */
  masked?(target: string): string;
}

/** Gorush's `alert` object (APNs). Empty strings and zeroes count as absent, as they do in Gorush. */
export interface Alert {
  action?: string;
  'action-loc-key'?: string;
  body?: string;
  'launch-image'?: string;
  'loc-args'?: string[];
  'loc-key'?: string;
  title?: string;
  subtitle?: string;
  'title-loc-args'?: string[];
  'title-loc-key'?: string;
  'summary-arg'?: string;
  'summary-arg-count'?: number;
}

/**
 * One notification as posted to `/api/push`, decoded and type-checked: canonical key spelling, unknown keys dropped,
 * `null` and absent alike. Numbers typed `number` are integers unless said otherwise.
 */
export interface Notification {
  notif_id?: string;
  /** Name of the app that it belongs to; absent: chosen by APNs topic or FCM project, else the request's own. */
  app?: string;
  /** FCM: the Firebase project, which chooses the app where `app` does not. */
  project_id?: string;
  /** One more token, on every platform. The decoder leaves it here; the relay adds it to the targets. */
  to?: string;
  topic?: string;
  condition?: string;
  tokens: string[];
  /** 1 iOS, 2 Android, 3 Huawei; anything else is answered 200 and fails per token. */
  platform: number;
  message?: string;
  title?: string;
  image?: string;
  priority?: string;
  content_available?: boolean;
  mutable_content?: boolean;
  sound?: Json;
  data?: JsonObject;
  /** Lowers the configured `max_retry`; 0 or less leaves it. */
  retry?: number;

  /** FCM: objects of the v1 API with canonical snake_case keys, checked as Google's Go client checks them when decoding. */
  notification?: JsonObject;
  android?: JsonObject;
  webpush?: JsonObject;
  apns?: JsonObject;
  fcm_options?: JsonObject;
  /** FCM, legacy spelling that Gorush documents: sends `validate_only`. */
  dry_run?: boolean;
  collapse_key?: string;
  /** Seconds. */
  time_to_live?: number;
  restricted_package_name?: string;

  app_id?: string;
  app_secret?: string;
  huawei_notification?: JsonObject;
  huawei_data?: string;
  huawei_collapse_key?: number;
  huawei_ttl?: string;
  bi_tag?: string;
  fast_app_target?: number;

  /** APNs, UNIX seconds; 0 means: try once, do not store. */
  expiration?: number;
  apns_id?: string;
  collapse_id?: string;
  push_type?: string;
  badge?: number;
  category?: string;
  'thread-id'?: string;
  'url-args'?: string[];
  alert?: Alert;
  production?: boolean;
  development?: boolean;
  /** Name of the sound. */
  name?: string;
  /** 0 to 1, a fraction. */
  volume?: number;
  interruption_level?: string;
  'content-state'?: JsonObject;
  'stale-date'?: number;
  'dismissal-date'?: number;
  event?: string;
  timestamp?: number;
  'attributes-type'?: string;
  attributes?: JsonObject;
  /** A fraction. */
  'relevance-score'?: number;
}

/**
 * Why a push failed, in classes that decide what happens next (docs/errors.md):
 * - `invalid_token`   the target is dead: delete it, never resend
 * - `invalid_request` the request is wrong: never resend
 * - `credential`      our own credential is wrong: never resend, someone must act
 * - `stale_credential` the credential needed a refresh; the transport has dropped it: resend at once, once
 * - `unavailable`     the provider says later (429, 5xx): backoff, counts against `max_retry`
 * - `not_sent`        provably not processed by the provider: backoff, does not count
 * - `unanswered`      may have been processed, no answer came: backoff, counts
 * - `disabled`        the platform is off or unknown
 * - `expired`         waited longer than `queue.max_age` or than its own expiration
 * - `cancelled`       taken back by who asked for it, while it waited
 * - `pending`         only in the answer of a sync request that ran out of time: the push goes on
 */
export const categories = [
  'invalid_token',
  'invalid_request',
  'credential',
  'stale_credential',
  'unavailable',
  'not_sent',
  'unanswered',
  'disabled',
  'expired',
  'cancelled',
  'pending',
] as const;
export type Category = (typeof categories)[number];

export interface Accepted {
  readonly kind: 'accepted';
  /** APNs: apns-id, of pushes that went out alone; FCM: message name; HMS: requestId. */
  readonly providerId?: string;
  /** Number of the HTTP/2 session that carried it; no two sessions of a process have the same. */
  readonly session?: number;
  /** A verdict about `providerId` is to come (src/carrier/late-outcomes.ts). */
  readonly receipt?: ReceiptDates;
}

/** UNIX milliseconds. */
export interface ReceiptDates {
  /** From when on the provider is asked; absent: it calls us. */
  readonly askAt?: number;
  /** When the receipt is given up. */
  readonly until: number;
}

export interface Failed {
  readonly kind: 'failed';
  readonly category: Category;
  /** The provider's own word, verbatim (`Unregistered`, `UNREGISTERED`, `80300007`), or ours in CamelCase (`Timeout`). */
  readonly reason: string;
  /** The text that Gorush puts into `error`. Never contains a token or a secret. */
  readonly error: string;
  /** HTTP status of the provider's answer; absent when there was none. */
  readonly status?: number;
  readonly providerId?: string;
  /** Number of the HTTP/2 session that carried it, if one did. */
  readonly session?: number;
  /** ISO 8601, from a 410's timestamp. */
  readonly unregisteredAt?: string;
  /** From Retry-After; milliseconds. */
  readonly retryAfterMs?: number;
  /** The fault is this target's alone, whatever the category: the lane's breaker does not count it. */
  readonly sparesLane?: true;
  /** The fault is of all targets alike, and certain: the lane's breaker opens at once. */
  readonly stopsLane?: true;
}

/** What became of one attempt for one target. A provider's answer is a value; nothing on this path throws. */
export type Outcome = Accepted | Failed;

/** The outcome of every accepted push without an id worth keeping: one object for all. */
export const ACCEPTED: Accepted = Object.freeze({ kind: 'accepted' });

/** A notification and a slice of its targets, on its way to one provider. */
export interface Delivery {
  readonly notification: Notification;
  readonly kind: TargetKind;
  /** Device tokens, or the one topic or condition. */
  readonly targets: readonly string[];
  readonly environment: Environment;
  /** Attempts before this one. */
  readonly attempt: number;
  /** The same for each attempt, also after a restart; absent for pushes that no request asked for. */
  readonly requestId?: string;
}

/** Called once for each index of `delivery.targets`, in any order, possibly before `send` returns. Never throws. */
export type Settle = (index: number, outcome: Outcome) => void;

/** Since the transport was made; they only grow. */
export interface ConnectionCounts {
  readonly connects: number;
  readonly connectFailures: number;
  /** GOAWAY frames received, PING frames sent. */
  readonly goaways: number;
  readonly pings: number;
}

export interface TransportStatus {
  /** `fail` when no push can get through, `warn` when the last attempts failed. */
  readonly status: 'pass' | 'warn' | 'fail';
  /** One sentence for /readyz; no secrets. */
  readonly output?: string;
  /** Open sessions, and pushes written or waiting for a free stream. */
  readonly sessions: number;
  readonly inFlight: number;
  /** Pushes that may be in flight before a further one would only wait inside the transport. */
  readonly capacity: number;
  /** Milliseconds for which the provider wants no push at all (429 with Retry-After); absent: it takes them. */
  readonly heldMs?: number;
  /** UNIX ms of the last accepted push. */
  readonly lastSuccessAt?: number;
  /** Absent where connections are not counted. */
  readonly connections?: ConnectionCounts;
  /** UNIX ms at which the credential ends; absent when it has no end. */
  readonly credentialExpiresAt?: number;
}

/** One provider with one credential set and environment. Owns its connections. */
export interface PushTransport {
  /** Builds the payload once, sends one request for each target (HMS: one for up to 1,000), settles each exactly once. Never throws. */
  send(delivery: Delivery, settle: Settle): void;
  status(): TransportStatus;
  /** Settles what is in flight (as `not_sent` or `unanswered`) and closes the sessions. */
  close(): Promise<void>;
}

/** When an attempt happened. Durations are of the monotonic clock. */
export interface Timing {
  /** UNIX milliseconds at which the request was accepted. */
  readonly acceptedAt: number;
  /** Milliseconds from acceptance to this outcome. */
  readonly ageMs: number;
  /** Milliseconds from the hand-over to the transport until the outcome; absent when it was never handed over. */
  readonly providerMs?: number;
  /** Milliseconds from acceptance to the hand-over; first attempts only. */
  readonly queuedMs?: number;
}

/** What an accepted request is known by to those who listen. */
export interface RequestFacts {
  readonly requestId: string;
  /** W3C Trace Context of the caller or of our own, where pushes are traced. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** An accepted request. `counts` as Gorush counts: tokens, and one for a topic. */
export interface AcceptedRequest extends RequestFacts {
  /** Of the first notification. */
  readonly app: string;
  readonly notifications: readonly Notification[];
  readonly counts: number;
  /** What of `counts` is of which app, but for `default`; absent: all is of that one. */
  readonly appCounts?: ReadonlyMap<string, number>;
  /** Targets that each get an outcome: tokens, topics and conditions. */
  readonly targets: number;
  /** The provider of each notification that names no target, undefined where no lane takes it. Absent: each names one. */
  readonly untargeted?: readonly (Provider | undefined)[];
  /** UNIX milliseconds. */
  readonly acceptedAt: number;
  /** Whose key or certificate sent it; absent without authentication. */
  readonly principal?: string | undefined;
}

/** Targets that failed alike and will be tried again in `delayMs`. */
export interface Retry extends RequestFacts {
  readonly app: string;
  readonly platform: PlatformName;
  readonly provider: Provider;
  readonly environment: Environment;
  readonly notification: Notification;
  /** Place of the notification within its request. */
  readonly index?: number;
  readonly kind: TargetKind;
  readonly targets: readonly string[];
  readonly targetForm?: TargetForm | undefined;
  readonly failed: Failed;
  /** How often each of these targets was sent. */
  readonly attempts: number;
  readonly delayMs: number;
  readonly timing: Timing;
}

/** Final results of the targets of one delivery. `targets[i]` ended as `outcomes[i]`. */
export interface Settlement extends RequestFacts {
  readonly app: string;
  /** Empty for a number that no platform has. */
  readonly platform: PlatformName | '';
  readonly provider: Provider | undefined;
  readonly environment: Environment;
  readonly notification: Notification;
  /** Place of the notification within its request. */
  readonly index?: number;
  readonly kind: TargetKind;
  readonly targets: readonly string[];
  readonly targetForm?: TargetForm | undefined;
  /** Targets of the whole notification. */
  readonly total: number;
  readonly outcomes: readonly Outcome[];
  /** How often each of these targets was sent. */
  readonly attempts: number;
  readonly timing: Timing;
  /** They were accepted before, and counted so (`LateOutcome`). */
  readonly late?: true;
  /** They failed when the queue brought them back: `accepted` was heard by an earlier process, or another one. */
  readonly stored?: true;
}

/**
 * A verdict that came after the push had been accepted: `settlement` has one target, and what the verdict makes of it. `unknown`:
 * none came in time, and its outcome stays `accepted`.
 */
export interface LateOutcome {
  readonly verdict: 'delivered' | 'failed' | 'unknown';
  readonly settlement: Settlement;
}

/** A person has answered a message of ours, and wants no more of them, or wants them again. */
export interface PersonReply {
  readonly app: string;
  /** Of the provider that was answered: `sms`. */
  readonly platform: string;
  /** The target that it came from. */
  readonly from: string;
  readonly wants: 'stop' | 'start';
  /** UNIX milliseconds. */
  readonly at: number;
}

/** A call of an app's feedback hook about one failed push. */
export interface HookCall extends RequestFacts {
  readonly app: string;
  readonly notifId: string | undefined;
  readonly token: string;
  /** UNIX milliseconds at which the call began, and how long it took. */
  readonly at: number;
  readonly ms: number;
  /** True when the hook took it; else `error` says why not, and it is tried again. */
  readonly ok: boolean;
  readonly error?: string;
}

/**
 * Facts, in the past tense. A listener never decides anything, never blocks and never throws (the relay guards it once);
 * each call covers a batch, not a push.
 */
export interface RelayEvents {
  /** A request was taken. */
  accepted?(request: AcceptedRequest): void;
  /** Targets reached their final outcome. */
  settled?(settlement: Settlement): void;
  /** Targets will be tried again. */
  retried?(retry: Retry): void;
  /** A verdict came about a push that was accepted before, hours ago perhaps. */
  late?(outcome: LateOutcome): void;
  /** Someone who gets messages wants no more of them, or wants them again. */
  replied?(reply: PersonReply): void;
  /** The feedback hook was called. */
  reported?(call: HookCall): void;
  /** A request was refused because the queue was full or broken. */
  refused?(refusal: { reason: string; notifications: number }): void;
}
