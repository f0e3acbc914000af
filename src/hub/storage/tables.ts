import type { Generated } from 'kysely';

/**
 * The tables of the hub as Kysely knows them; `migrations/` makes them. `app` is the first part of each key. Every time is UNIX
 * milliseconds. "Sealed" is a text that only `HubSeal` opens.
 */
export interface HubTables {
  /** Keys of the store (sealed by the master key), and marks of single parts. */
  readonly meta: { key: string; value: string };
  readonly migrations: { name: string; at: number };
  readonly users: UserTable;
  readonly user_roles: { app: string; user: string; role: string };
  readonly user_teams: { app: string; user: string; team: string };
  readonly addresses: AddressTable;
  readonly devices: DeviceTable;
  /** Whose a device is; `place` is the order in which they were named. */
  readonly device_users: { app: string; device: string; user: string; place: number };
  readonly device_topics: { app: string; device: string; topic: string };
  readonly topic_users: { app: string; topic: string; user: string };
  readonly settings: SettingsTable;
  readonly notifications: NotificationTable;
  readonly recipients: RecipientTable;
  readonly decisions: DecisionTable;
  readonly due: DueTable;
  readonly handovers: HandoverTable;
  readonly idempotency: IdempotencyTable;
  /** How many were sent to whom at `at`, for throttles. */
  readonly usage: { app: string; user: string; type: string; channel: string; at: number; count: number };
  readonly audit: AuditTable;
  /** Salted hashes of erased ids, so that work begun before brings nothing back. */
  readonly erased: { app: string; hash: string; at: number; place: Generated<number> };
  readonly digest_items: DigestItemTable;
  readonly push_topics: PushTopicTable;
  readonly engagements: EngagementTable;
  readonly opt_outs: OptOutTable;
  readonly stream_heads: StreamHeadTable;
  readonly stream_events: StreamEventTable;
  /** Under what key, as a keyed hash, the sender has given a person the event at this place. */
  readonly stream_keys: { app: string; user: string; hash: string; place: number };
  readonly stream_tickets: StreamTicketTable;
  readonly incidents: IncidentTable;
  /** Who is named anywhere in an incident or its timeline: what an erasure looks at. */
  readonly incident_people: { app: string; incident: string; user: string };
  readonly incident_entries: IncidentEntryTable;
  /** Events that were taken within a day, by a keyed hash of their own id. */
  readonly incident_events: { app: string; hash: string; at: number };
  readonly escalations: EscalationTable;
  readonly tasks: TaskTable;
  readonly schedules: ScheduleTable;
  /** Tokens that people had: sealed, by the hash that devices have them by, and since when they have them no more. */
  readonly former_targets: { app: string; user: string; hash: string; target: string; at: number };
  /** Who is named in a schedule: what an erasure looks at. */
  readonly schedule_people: { app: string; schedule: string; user: string };
  /** Who is named in a task: `todo` and `over` are of those whose it is, `named` is who did something with it. */
  readonly task_people: { app: string; user: string; role: 'todo' | 'over' | 'named'; task: string };
  /** The last local date, `2026-12-01`, for which a person heard of tasks, by kind. */
  readonly task_told: { app: string; user: string; kind: string; date: string };
  readonly roll_notes: RollNoteTable;
  readonly roll_ups: RollUpTable;
}

interface UserTable {
  app: string;
  id: string;
  /** Sealed JSON `{name, email, phone, slack, data}`; empty: nothing of it is known. */
  profile: string;
  locale: string | null;
  timezone: string | null;
  /** JSON `{email, sms, slack: {granted, at, source}}`. */
  consent: string;
  email_hash: string | null;
  phone_hash: string | null;
  slack_hash: string | null;
  /** Counts changes; the ETag. */
  rev: number;
  created_at: number;
  updated_at: number;
}

/** A verdict about an address, found by its keyed hash: it stays with the address when that changes hands. */
interface AddressTable {
  app: string;
  kind: 'email' | 'sms' | 'slack';
  hash: string;
  status: 'active' | 'bounced' | 'complained' | 'unsubscribed' | 'invalid';
  reason: string | null;
  at: number;
}

interface DeviceTable {
  app: string;
  id: string;
  platform: string;
  /** `alert`, `voip`, `liveactivity`. */
  kind: string;
  /** `production`, `development`, or empty. */
  environment: string;
  /** Of the token, or of a subscription's endpoint. */
  token_hash: string;
  /** Sealed: the token, or a subscription's JSON. */
  target: string;
  /** When a PUT or POST last brought this token. */
  token_at: number;
  /** Counts the tokens that this device had. */
  token_rev: number;
  name: string | null;
  model: string | null;
  os_version: string | null;
  app_version: string | null;
  locale: string | null;
  timezone: string | null;
  /** JSON. */
  capabilities: string;
  /** JSON. */
  settings: string;
  enabled: number;
  /** `active`, `invalid`, `key_mismatch`, `signed_out`; `stale` follows from `last_seen_at`. */
  status: string;
  reason: string | null;
  status_at: number;
  /** JSON `{reason, at}` of a verdict that was not believed. */
  suspect: string | null;
  rev: number;
  registered_at: number;
  last_seen_at: number;
  installation_hint: string | null;
}

interface SettingsTable {
  app: string;
  user: string;
  /** JSON of `SettingsDoc`. */
  doc: string;
  snoozed_until: number | null;
  /** `release`, `digest`, `clear`. */
  snooze_on_end: string | null;
  rev: number;
  updated_at: number;
}

interface NotificationTable {
  app: string;
  id: string;
  type: string;
  /** Sealed JSON of `NotificationDoc`. */
  doc: string;
  body_hash: string;
  status: string;
  priority: string;
  created_at: number;
  /** Rises in the order in which notifications of the app were taken. */
  place: number;
  send_at: number | null;
  expires_at: number | null;
  cancel_key: string | null;
  collapse_key: string | null;
  /** Rises among those with the same collapse key, in the order in which they were taken; null without one. */
  collapse_place: number | null;
  /** How many erasures the app had seen when it was accepted, of those for so many that it is decided in pages; null: of others. */
  erasures: Generated<number | null>;
  /** JSON. */
  totals: string;
  done_at: number | null;
  /** What it is about, where a part of the hub has made it: `incident:<id>`. */
  about: string | null;
  /** Why what has not left of it is not to leave any more: `acked`, `resolved`, `cancelled`. */
  ended: string | null;
}

interface RecipientTable {
  app: string;
  notification: string;
  user: string;
  /** Rises within a person's inbox. */
  place: number;
  visible_at: number | null;
  seen_at: number | null;
  read_at: number | null;
  acked_at: number | null;
  acted_at: number | null;
  hidden: number;
  removed_at: number | null;
}

interface DecisionTable {
  app: string;
  notification: string;
  user: string;
  hop: number;
  /** Empty: not about one device. */
  device: string;
  channel: string;
  state: string;
  reason: string | null;
  /** JSON. */
  detail: string | null;
  at: number;
  until: number | null;
  attempts: number;
  provider_id: string | null;
  category: string | null;
  /** Null: it waits for no time. A digest that has taken it, else no more than that it waits. */
  due_row: string | null;
  /** The batch that carries it, of those that were handed over; null: none does. */
  batch: string | null;
  /** Of the device; null: it is about none, or was decided before this was kept. */
  platform: string | null;
}

/** Every timer. Claimed by compare-and-set, with a lease and a fencing number. */
interface DueTable {
  id: string;
  app: string;
  kind: string;
  ref: string;
  due_at: number;
  /** JSON. */
  data: string | null;
  claimed_by: string | null;
  lease_until: number | null;
  fence: number;
  attempts: number;
  /** Processes that ended while they had it in hand. */
  deaths: Generated<number>;
}

/** What a push carrier was given. */
interface HandoverTable {
  app: string;
  batch: string;
  notification: string;
  hop: number;
  instance: string;
  handed_at: number;
  /** Sealed JSON: where each target's decision is. */
  doc: string;
}

interface IdempotencyTable {
  app: string;
  caller: string;
  method: string;
  path: string;
  key: string;
  body_hash: string;
  state: 'running' | 'partial' | 'done';
  status: number | null;
  /** JSON. */
  headers: string | null;
  answer: string | null;
  at: number;
}

interface AuditTable {
  id: string;
  app: string;
  at: number;
  by: string;
  action: string;
  target: string;
  /** JSON. */
  detail: string | null;
}

interface DigestItemTable {
  app: string;
  id: string;
  user: string;
  key: string;
  notification: string;
  /** When the notification was accepted: a digest names the oldest first. */
  at: number;
  /** Sealed JSON. */
  doc: string;
}

/** A token that is reached by who knows a secret. Nothing here says whose it is, or since when. */
interface PushTopicTable {
  app: string;
  /** SHA-256 of the secret, hexadecimal. */
  id: string;
  platform: string;
  kind: string;
  environment: string;
  /** Keyed apart from that of devices. */
  token_hash: string;
  /** Sealed. */
  target: string;
  expires_at: number;
}

/** What a person did with a notification, each thing once. */
interface EngagementTable {
  app: string;
  notification: string;
  user: string;
  /** Empty: none was named. */
  device: string;
  /** `received`, `opened`, `dismissed`, `action`. */
  event: string;
  /** Of the event `action`: which; else empty. */
  action: string;
  at: number;
  /** Of the notification. */
  type: string;
  /** `push` where a device was named; else empty. */
  channel: string;
  /** Of the device; empty: none was named. */
  platform: string;
}

/** A type of notification that a person does not want by a channel any more. */
interface OptOutTable {
  app: string;
  user: string;
  channel: 'email' | 'sms' | 'slack';
  type: string;
  at: number;
  /** `link`: that of a mail. */
  source: string;
}

/** How far a person's stream goes. Its row is changed by every event, so that one writer after another gives out places. */
interface StreamHeadTable {
  app: string;
  user: string;
  /** When it began, UNIX milliseconds. */
  epoch: number;
  /** The last place that is kept no longer, and the last that was given out. */
  floor: number;
  head: number;
  /** Of the events that have rows. */
  bytes: number;
}

interface StreamEventTable {
  app: string;
  user: string;
  place: number;
  type: string;
  /** Sealed JSON. */
  payload: string;
  timestamp: string;
  /** Of type and payload. */
  bytes: number;
  /** When it was saved. */
  at: number;
}

/** Opens one stream, once. */
interface StreamTicketTable {
  /** SHA-256 of the ticket. */
  hash: string;
  app: string;
  user: string;
  expires_at: number;
  /** When the token ends for which it was made; null: it has no end. */
  ends_at: number | null;
}

interface IncidentTable {
  app: string;
  id: string;
  /** In the words of callers: `open`, `acknowledged`, `resolved`, or others. */
  status: string;
  phase: 'open' | 'acknowledged' | 'resolved';
  severity: string | null;
  service: string | null;
  cycle: number;
  /** Sealed JSON: fields with their times, the log of its status, what its timers have come to. */
  state: string;
  rev: number;
  /** Rises in the order in which incidents of the app began. */
  place: number;
  created_at: number;
  updated_at: number;
}

/** A line of a timeline. `place` rises within an incident. */
interface IncidentEntryTable {
  app: string;
  incident: string;
  place: number;
  at: number;
  /** Sealed JSON. */
  doc: string;
}

interface EscalationTable {
  app: string;
  name: string;
  /** Sealed JSON. */
  doc: string;
  rev: number;
  created_at: number;
  updated_at: number;
}

interface TaskTable {
  app: string;
  id: string;
  state: 'open' | 'in_progress' | 'completed' | 'cancelled';
  /** Sealed JSON. */
  doc: string;
  /** When what is known was so. */
  said_at: number;
  rev: number;
  created_at: number;
  updated_at: number;
}

interface ScheduleTable {
  app: string;
  id: string;
  /** Sealed JSON. */
  doc: string;
  /** From when on it counts. */
  anchor: number;
  /** Null: it is off, or over. */
  next_at: number | null;
  last_at: number | null;
  last_notification: string | null;
  rev: number;
  created_at: number;
  updated_at: number;
}

/** What a transaction has changed in numbers, until that is added up: seconds. */
interface RollNoteTable {
  /** Rises with the time. */
  id: string;
  app: string;
  /** Lines in `doc`. */
  size: number;
  /** JSON `[[notification, channel, platform, {counter: change}], …]`. */
  doc: string;
}

/** What became of decisions about notifications that were accepted within a quarter of an hour, in numbers. Of no person anything. */
interface RollUpTable {
  app: string;
  /** When the quarter began, UNIX milliseconds. */
  slot: number;
  type: string;
  /** Empty: of what people did where they named no device. */
  channel: string;
  /** Of the device; empty: none. */
  platform: string;
  /** JSON `{counter: number}`. */
  doc: string;
}
