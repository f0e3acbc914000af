/**
 * One provider as a row of the table in `src/providers/registry.ts`. A provider is a folder whose `provider.ts` exports this row;
 * everything that lists providers reads the rows: configuration schema and checks, apps and their sealed store, rotation,
 * `/v1/apps`, lanes, retries, metrics, statistics, history, explain, the documents, OpenAPI, sandbox, console, command line.
 * docs/architecture.md, "How to add a provider", goes through it step by step; `src/hms/provider.ts` is the shortest of Gorush's.
 *
 * A row is data and small functions: it is loaded by every process, `--ping` included. What sends is imported by `open`, what
 * simulates by `simulate`, so a provider that is off costs its row and nothing else. Functions of a row never throw, unless
 * their comment says so, and keep no state.
 */
import type { FromSchema, Section } from '../config/leaf.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type {
  Delivery,
  Environment,
  Failed,
  JsonObject,
  Notification,
  PersonReply,
  PushTransport,
} from '../push/push.ts';
import type { TargetRules } from '../push/targets.ts';
import type { Decode } from '../push/wire/decoding.ts';
import type { SharedField } from '../push/wire/shared-fields.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import type { DeviceTargets } from './device-targets.ts';
import type { LateOutcomes } from './late-outcomes.ts';
import type { MigrationNote } from './migration-note.ts';
import type { Reason, ReasonTable } from './reasons.ts';
import type { SettingsTrouble } from './settings-trouble.ts';

/** Variables of the environment that a provider reads by itself, as Google's libraries do. */
export type ProviderEnvironment = Readonly<Record<string, string | undefined>>;

/** What the section of every provider has. */
export interface SectionValues {
  readonly enabled: boolean;
  readonly max_retry: number;
  /** Pushes per second of each lane; 0: no limit. */
  readonly rate_limit: number;
  /** Seconds. */
  readonly request_timeout: number;
}

/** Settings of an app, or of the file before its defaults: any key may be absent. */
export type Given<Values> = { readonly [Key in keyof Values]?: Values[Key] | undefined };

/** What may be shown of a credential: enough to know which it is, nothing to use it. */
export interface CredentialFacts {
  readonly has_key: true;
  readonly kind: string;
  /** ISO 8601; of certificates. */
  readonly not_after?: string;
  readonly [fact: string]: string | true | undefined;
}

/** Where files are looked for, and which variables there are. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: ProviderEnvironment;
}

/** The settings of a provider: what of them is the credential, and what can be wrong with it. */
export interface ProviderSettings<Values> {
  /**
   * Keys that say who we are and belong together: an app that gives one of `whole` gets none of `all` from the default
   * section, or it would sign with the key of one team as another.
   */
  readonly identity: { readonly whole: readonly string[]; readonly all: readonly string[] };
  /** Gorush has the platform on by default: one that is off for want of a credential is mentioned at the start. */
  readonly missed?: true;
  /** Whether there is a credential to send with. Without one, a section that is on by default is off. */
  isGiven(section: Values, env: ProviderEnvironment): boolean;
  /** What is missing or malformed, without reading the credential; empty: nothing. */
  troubles(section: Values, around: Surroundings): readonly SettingsTrouble[];
  /** Reads the credential as `open` would. @throws ConfigError naming the key, without a secret */
  read?(section: Values, env: ProviderEnvironment): unknown;
  /** A line of `martlet check`: which credential it is, and where pushes go. @throws ConfigError */
  describe(section: Values, env: ProviderEnvironment): string | Promise<string>;
  /** What names the credential where people look it up, for the log: `key_id`. Nothing secret. Default: nothing. @throws ConfigError */
  names?(section: Values, env: ProviderEnvironment): Readonly<Record<string, string>>;
  /** A URL that pushes go to, for the log; undefined: each push names its own. Default: the section's `endpoint`. */
  address?(section: Values, environment: Environment): string | undefined;
  /** Files that the credential is read from; a change of one is taken over while the process runs. Default: none. */
  files?(section: Given<Values>, env: ProviderEnvironment): readonly string[];
  /** UNIX milliseconds at which the credential ends; undefined where it has no end or cannot be read. */
  expiresAt?(section: Given<Values>): number | undefined;
  /** What of the credential a notification can name instead of the app (`request.chosenBy`); undefined: nothing. */
  chosenAs?(section: Given<Values>): string | undefined;
  /** Settings of an app that is made by /v1/apps. */
  readonly stored: StoredSettings<Values>;
  /** Differences from Gorush that a configuration alone decides, for `martlet check`. */
  readonly notes?: readonly MigrationNote<Values>[];
}

/** A value of JSON: one of some words, or a text or an object. As JSON Schema says it. */
export type JsonForm =
  | { readonly enum: readonly string[]; readonly type?: undefined; readonly description?: string }
  | {
      readonly enum?: undefined;
      readonly type: readonly ['string', 'object'];
      readonly additionalProperties: true;
      readonly description: string;
    };

/** Settings that come from a caller of /v1/apps, who may not read files of this machine or reach its network. */
export interface StoredSettings<Values> {
  /** Keys that such a caller may not set, and why; the text is the answer. */
  readonly refused: Readonly<Record<string, string>>;
  /** What JSON says otherwise than a file, by key: laid over the schema of the key. */
  readonly json?: Readonly<Record<string, JsonForm>>;
  /** The settings as config.yml would have them. */
  normal?(section: JsonObject): JsonObject;
  /** A merge patch (RFC 7396) of the section, with what else has to change: a new key is not of the type of the old one. */
  patch?(section: JsonObject): JsonObject;
  /** Reads the credential and tries to sign with it; undefined: the settings hold none. @throws ConfigError naming the key */
  facts(section: Given<Values>): CredentialFacts | undefined;
  /** Addresses that the credential makes the relay call; they have to be public ones. `what` begins the sentence. */
  addresses?(section: Given<Values>): readonly { readonly key: string; readonly what: string; readonly url: string }[];
  /** What `facts.kind` can be. */
  readonly kinds: readonly string[];
  /** The key to name when `facts.not_after` is in the past. */
  readonly expiring?: string;
}

/** A request field of a provider's own: `web`, `email`, `subscriptions`. */
export interface RequestField {
  readonly decode: Decode;
  /** What it means, one or two sentences, for the OpenAPI page. */
  readonly docs: string;
  /** The name of its schema among the OpenAPI components; absent: written in place. */
  readonly component?: string;
}

/** An example for the OpenAPI page, which the tests send to a relay with its sandbox. */
export interface RequestExample {
  readonly summary: string;
  readonly notification: JsonObject;
}

/** What of a request concerns the provider. */
export interface ProviderRequests<Values> extends TargetRules {
  /** Fields of Gorush's request, and of `sharedFields`, that its payload reads; `notif_id app tokens platform to retry` are read for all. */
  readonly reads: readonly (keyof Notification | SharedField)[];
  /** Fields that Gorush does not have, by their names in the request and in `fieldOf`. Names are unique over all providers. */
  readonly fields?: Readonly<Record<string, RequestField>>;
  /** The field by which a notification that names no app chooses one: the topic of an app, or `settings.chosenAs`. */
  readonly chosenBy?: 'topic' | 'project_id';
  /** Where the push goes; undefined: the only environment. `section` is undefined while the app is not loaded. */
  environmentOf?(notification: Notification, section: Values | undefined): Environment | undefined;
  /** By name, unique over all providers. */
  readonly examples: Readonly<Record<string, RequestExample>>;
}

/** What is repeated though `max_retry` is 0: the least of what the provider's own library repeats by itself. */
export interface FreeRetries {
  /** Retries of a 503 or a lost connection that are made at least; `max_retry` counts them. */
  readonly least: number;
  /** After an answer that a credential is stale, the push is sent again once with a new one, and `max_retry` does not count it. */
  readonly renewal: boolean;
}

/** How pushes are cut into batches, spread over lanes and repeated. */
export interface ProviderDelivery<Values> {
  /** Most targets of one notification that take their turn as one batch. */
  slice(section: Values): number;
  readonly free: FreeRetries;
  /**
   * Pauses and age that differ from `queue.backoff` and `queue.max_age`: seconds before the first, second, … retry, of which the
   * last repeats, and seconds after which a push is given up.
   */
  retries?(section: Values): { readonly pauses?: readonly number[]; readonly maxAge?: number } | undefined;
  /**
   * The part of the lane that a target belongs to, when one host can be down while others are up: an origin, a host. Each part
   * is a lane of its own, with transport, breaker and backlog. At most 100 characters of `A-Z a-z 0-9 . : - _ [ ]`; a target that
   * cannot be read belongs to ''. Default: all in one lane.
   */
  partitionOf?(target: string, section: Values): string;
  /** The label of a partition in metrics and /readyz: from a closed set, never text that a device chose. Default: `other`. */
  partitionLabel?(partition: string): string;
  /** Accepted pushes may have `Accepted.receipt`: a verdict that comes later, through `ProviderServices.late`. */
  readonly receipts?: true;
}

/** How a provider looks where people read about it. */
export interface ProviderLook {
  /** Of the push line in a terminal. */
  readonly colour: 'blue' | 'yellow' | 'green' | 'magenta' | 'cyan' | 'red';
  /** Flags of the command line that set keys of the section, in the order of the usage text; `--<platform>` is there by itself. */
  readonly flags?: readonly SettingFlag[];
}

/** A flag of the command line that sets a key of the section. */
export interface SettingFlag {
  /** Short ones first. */
  readonly names: readonly string[];
  /** What the argument is; absent: a switch. */
  readonly takes?: string;
  /** Within the section. */
  readonly key: string;
  readonly help: string;
}

/** A push that reaches no device, to learn whether the provider takes a credential. */
export interface ProbePush extends Pick<Delivery, 'kind' | 'targets' | 'environment'> {
  readonly notification: Notification;
}

/** Asks about a credential by a push that reaches no device. Not for providers without one: `open` gives `tryCredential` then. */
export interface ProviderProbe<Values> {
  push(section: Values, defaultTopic: string): ProbePush;
  /** True for an answer that can only be had with a good credential. A dead target always is one. */
  isGood?(failed: Failed, push: ProbePush): boolean;
}

/** What a provider says about a credential; `unknown` when it could not be asked. */
export type CredentialVerdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'refused' | 'unknown'; readonly reason: string; readonly error: string };

/** A provider token and when it was signed, UNIX milliseconds. */
export interface SignedToken {
  readonly token: string;
  readonly at: number;
}

/** Offers a provider token for the key `name`, and gets the one that all processes use. */
export type AgreeOnKey = (name: string, offer: SignedToken, refused: string | undefined) => Promise<SignedToken>;

/** What the process gives to a provider. */
export interface ProviderServices<Values = SectionValues> {
  readonly outbound: Outbound;
  readonly env: ProviderEnvironment;
  /** Which provider token of a key all processes use; absent: each process its own. */
  readonly agree?: AgreeOnKey | undefined;
  /** Where verdicts go that come after the outcome. */
  readonly late: LateOutcomes;
  /** Hears of what people answer; absent: it is forgotten. */
  readonly replied?: ((reply: PersonReply) => void) | undefined;
  /** The section of an app as it is now, to ask about its receipts; undefined: it does not send. Not before `open` has resolved. */
  readonly sectionOf: (app: string) => Values | undefined;
  /** Where our own addresses are reached from outside (`hub.public_url`), without a slash at its end; absent: not at all. */
  readonly publicUrl?: string | undefined;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** What a transport is made of. */
export interface TransportPlan<Values> {
  readonly app: string;
  /** The section with the app's own settings laid over it. */
  readonly section: Values;
  readonly environment: Environment;
  /** Of the lane; absent where the provider has no partitions. */
  readonly partition?: string | undefined;
  /** False: the settings come from a caller who may not reach our network; addresses in them lead to public ones only. */
  readonly trusted: boolean;
  /** The credential is the app's own and not that of the default section. */
  readonly own: boolean;
  /** `store`: the app was made by a caller of /v1/apps, whose credential reads nothing of this machine, even where `trusted`. */
  readonly origin: 'file' | 'store';
}

/** A request that a provider makes to us. Its path is `/v1/callbacks/<platform>/<app>/<name>`. */
export interface CallbackRequest<Values> {
  readonly app: string;
  readonly name: string;
  /** The app's section; callbacks of apps that have none are answered 404. */
  readonly section: Values;
  /** As asked for: path and query, without the origin. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 64 KiB. */
  readonly body: Buffer;
}

export interface CallbackAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

/** A provider at work: one for the process, made with the first app that sends through it. */
export interface OpenProvider<Values> {
  /** Reads the credential and builds a transport; opens no connection. @throws ConfigError when the credential cannot be used */
  transport(plan: TransportPlan<Values>): PushTransport;
  /** Asks the provider about a credential where no push can (`probe`). Never rejects. */
  tryCredential?(plan: TransportPlan<Values>): Promise<CredentialVerdict>;
  /** Answers a request of the provider's; undefined: there is no such callback. No key is asked for, so it checks the signature. */
  callback?(request: CallbackRequest<Values>): Promise<CallbackAnswer | undefined>;
  /** Ends timers and what transports share; the transports are closed before. */
  close?(): Promise<void>;
}

/** A provider of the sandbox, on loopback. */
export interface SimulatedProvider {
  /** Keys of the section: where it is, and the credential that it takes. They lie over what is configured. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Keys that have these values where the configuration leaves them empty. */
  readonly usual?: Readonly<Record<string, unknown>>;
  /** How many access tokens it gave out; absent where it gives none. */
  signIns?(): number;
  /** Makes all access tokens void, so that the next pushes are refused. */
  revokeTokens?(): void;
  /** Ends at once, whatever is under way. */
  close(): Promise<void>;
}

export interface ProviderRow<
  Values extends SectionValues = SectionValues,
  Name extends string = string,
  Platform extends string = string,
  S extends Section = Section,
> {
  /** `platform` of a request and of queued ones. Never changes. */
  readonly number: number;
  /** Its name for callers, and of its section: `ios`, `web`. Lower case. */
  readonly platform: Platform;
  /** Its name in lanes, metrics, traces and the history: `apns`, `web`. Lower case. */
  readonly name: Name;
  /** What people call the platform and the provider: `iOS` and `APNs`. */
  readonly title: { readonly platform: string; readonly provider: string };
  /** The first is the usual one. */
  readonly environments: readonly [Environment, ...Environment[]];
  /** The keys of config.yml; `enabled max_retry rate_limit request_timeout` are among them. */
  readonly section: S;
  readonly settings: ProviderSettings<Values>;
  readonly requests: ProviderRequests<Values>;
  /** What devices are registered with at the hub. Absent: it reaches no devices. */
  readonly devices?: DeviceTargets<Values>;
  readonly reasons: ReasonTable;
  /** For a word that is not in the table: what the HTTP status means by itself. */
  unknownReason(status: number): Reason;
  /** Words that callers see and whose meaning depends on the status alone; labels of metrics as those of the table. */
  readonly moreReasons?: readonly string[];
  readonly delivery: ProviderDelivery<Values>;
  readonly look: ProviderLook;
  /** Absent: `OpenProvider.tryCredential`, or no question at all. */
  readonly probe?: ProviderProbe<Values>;
  /** Imports what sends. Called once, with the first app that sends through it. */
  open(services: ProviderServices<Values>): Promise<OpenProvider<Values>>;
  /** Imports the simulated provider and starts it on loopback. Steering by target: docs/sandbox.md. */
  simulate(simulation: Simulation): Promise<SimulatedProvider>;
}

/** A row with its types: those of the section's values are known inside, the names are literals outside. */
export const providerRow = <const Name extends string, const Platform extends string, S extends Section>(
  row: ProviderRow<FromSchema<S> & SectionValues, Name, Platform, S>,
): ProviderRow<FromSchema<S> & SectionValues, Name, Platform, S> => row;

/** The label of a lane's part in figures; undefined: the lane is whole. */
export const partLabel = ({ delivery }: ProviderRow, partition: string | undefined): string | undefined =>
  partition === undefined ? undefined : (delivery.partitionLabel?.(partition) ?? 'other');

/** The value of a field of a provider's own, as its decoder left it; undefined when the request has none. */
export const fieldOf = <T>(notification: Notification, field: string): T | undefined =>
  (notification as unknown as Readonly<Record<string, T | undefined>>)[field];
