import { isObject } from '../../kit/is-object.ts';
import { defined } from '../../kit/json/defined.ts';
import {
  anyObject,
  checked,
  flag,
  listOf,
  mapOf,
  nameOf,
  type Reader,
  type Shape,
  setOf,
  shape,
  textOf,
  wordOf,
} from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { instant, isoInstant } from '../../kit/time/instant.ts';
import type { JsonObject } from '../../push/push.ts';
import { type Channel, channels } from '../words/channel.ts';
import { id } from '../words/id.ts';
import { canonicalTag } from '../words/language-tag.ts';
import { type Priority, priority } from '../words/priority.ts';
import { seconds } from '../words/seconds.ts';
import { type OverridesDoc, overrides } from './overrides-doc.ts';
import { type Mode, modes, type StepDoc, steps } from './plan-doc.ts';
import { type RecipientsDoc, recipients } from './recipients-doc.ts';
import { readSendAt, type SendAt } from './send-at.ts';

export interface ActionDoc {
  readonly id: string;
  readonly title: string;
  readonly url?: string;
}

/** What is said, in one language. */
export interface TextDoc {
  readonly title?: string;
  readonly message?: string;
}

/** Where a notification is collected instead of sent. */
export interface DigestDoc {
  /** One digest for each person and key. */
  readonly key: string;
  /** Seconds from its first item on. */
  readonly window: number;
}

/**
 * What `POST /v1/notifications` takes, normalised: durations are numbers of seconds, instants end with `Z`, priorities are ours.
 * Read again, it stays the same.
 */
export interface NotificationDoc extends TextDoc, SendAt {
  readonly id?: string;
  /** Default `notification`. */
  readonly type: string;
  readonly url?: string;
  readonly image?: string;
  /** Default `medium`. */
  readonly priority: Priority;
  readonly severity?: string;
  readonly status?: string;
  readonly data?: JsonObject;
  readonly to: RecipientsDoc;
  /** Absent: those of the priority. */
  readonly channels?: readonly Channel[];
  /** Absent: that of the priority. */
  readonly mode?: Mode;
  /** Excludes `channels` and `mode`. */
  readonly plan?: readonly StepDoc[];
  readonly category?: string;
  readonly actions?: readonly ActionDoc[];
  readonly collapse_key?: string;
  readonly thread?: string;
  readonly cancel_key?: string;
  readonly expires_at?: string;
  /** By language tag. */
  readonly locales?: Readonly<Record<string, TextDoc>>;
  readonly overrides?: OverridesDoc;
  readonly digest?: DigestDoc;
  readonly confidential?: boolean;
  /** Paths that a channel does not carry; `*`: nothing but a neutral text. */
  readonly redact?: Readonly<Partial<Record<Channel, readonly string[]>>>;
}

const MOST_TITLE = 2000;
const MOST_MESSAGE = 100_000;
const MOST_KEY = 256;
const MOST_ACTIONS = 20;
const MOST_LOCALES = 200;
const MOST_PATHS = 200;
/** Bytes of JSON: as many as an event of a stream may have. */
const LARGEST_DATA = 262_144;

/** Names of events that the stream itself sends. */
const RESERVED = new Set(['reset', 'bye', 'reauth']);

const typeOf: Reader<string> = checked(nameOf(128), (type, at, faults) => {
  if (!RESERVED.has(type)) return type;
  faults.push({
    path: at,
    reason: `must not be one of ${[...RESERVED].join(', ')}: the stream has events of that name`,
  });
  return undefined;
});

const link = nameOf(4096);
const key = nameOf(MOST_KEY);

const missing = (faults: FaultyField[], at: string, fields: object, ...names: readonly string[]): void => {
  for (const name of names)
    if (!(name in fields)) faults.push({ path: at === '' ? name : `${at}.${name}`, reason: 'is missing' });
};

const action: Reader<ActionDoc> = checked(shape({ id: key, title: nameOf(256), url: link }), (given, at, faults) => {
  missing(faults, at, given, 'id', 'title');
  return given as ActionDoc;
});

const actions: Reader<readonly ActionDoc[]> = checked(listOf(action, MOST_ACTIONS), (given, at, faults) => {
  const ids = given.map((each) => each.id);
  for (const [index, each] of ids.entries())
    if (ids.indexOf(each) < index) faults.push({ path: `${at}[${index}].id`, reason: 'is the id of another action' });
  return given;
});

const data: Reader<JsonObject> = checked(anyObject as Reader<JsonObject>, (given, at, faults) => {
  if (Buffer.byteLength(JSON.stringify(given)) <= LARGEST_DATA) return given;
  faults.push({ path: at, reason: `must have at most ${LARGEST_DATA} bytes as JSON` });
  return undefined;
});

const texts: Reader<TextDoc> = shape({ title: textOf(MOST_TITLE), message: textOf(MOST_MESSAGE) });

const locales: Reader<Readonly<Record<string, TextDoc>>> = checked(
  mapOf(texts, MOST_LOCALES, (tag) =>
    canonicalTag(tag) === undefined ? 'the names must be language tags such as de or pt-BR' : undefined,
  ),
  (byTag) => Object.fromEntries(Object.entries(byTag).map(([tag, each]) => [canonicalTag(tag) ?? tag, each])),
);

const digest: Reader<DigestDoc> = checked(shape({ key, window: seconds }), (given, at, faults) => {
  missing(faults, at, given, 'key', 'window');
  if (given.window !== undefined && given.window < 1)
    faults.push({ path: `${at}.window`, reason: 'must be a second or more' });
  return given as DigestDoc;
});

const paths = setOf(nameOf(256), MOST_PATHS);

const fields = {
  id,
  type: typeOf,
  title: textOf(MOST_TITLE),
  message: textOf(MOST_MESSAGE),
  url: link,
  image: link,
  priority,
  severity: nameOf(64),
  status: nameOf(64),
  data,
  to: recipients,
  channels: setOf(wordOf(channels), channels.length * 2),
  mode: wordOf(modes),
  plan: steps,
  category: nameOf(128),
  actions,
  collapse_key: key,
  thread: key,
  cancel_key: key,
  expires_at: instant,
  send_at: nameOf(64),
  timezone: nameOf(64),
  locales,
  overrides,
  digest,
  confidential: flag,
  redact: shape(Object.fromEntries(channels.map((name) => [name, paths])) as Record<Channel, typeof paths>),
};

type Given = Shape<typeof fields>;

const given: Reader<Given> = shape(fields);

/** The only channel of a mode that has one. */
const ONLY: Readonly<Partial<Record<Mode, Channel>>> = { realtime_only: 'realtime', push_only: 'push' };

const nonEmpty = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list?.length ? list : undefined);

function checkWays({ channels: named, mode, plan }: Given, faults: FaultyField[]): void {
  const other = plan && (named ? 'channels' : mode ? 'mode' : undefined);
  if (other) faults.push({ path: other, reason: 'is excluded by plan' });
  const only = mode && ONLY[mode];
  if (only && named && !named.includes(only))
    faults.push({ path: 'mode', reason: `${mode} needs the channel ${only}, which channels leaves out` });
}

function checkText({ title, message, data, overrides: over }: Given, faults: FaultyField[]): void {
  if (!title && !message && !data && !over)
    faults.push({ path: 'message', reason: 'is missing: a notification has a title, a message, data or overrides' });
}

function normalised(read: Given, hubZone: string, faults: FaultyField[]): NotificationDoc {
  const { channels: named, plan, expires_at: expires, send_at: at, timezone, type, priority: urgency, ...rest } = read;
  const ways = defined({ channels: nonEmpty(named), plan: nonEmpty(plan) });
  checkWays({ ...rest, ...ways }, faults);
  checkText(rest, faults);
  return {
    ...(rest as Omit<NotificationDoc, 'type' | 'priority'>),
    ...ways,
    type: type ?? 'notification',
    priority: urgency ?? 'medium',
    ...readSendAt(defined({ send_at: at, timezone }), hubZone, faults),
    ...(expires === undefined ? {} : { expires_at: isoInstant(expires) }),
  };
}

/**
 * Reads and normalises what is to be sent.
 * @param around `timezone`: `hub.timezone`, for a `send_at` without offset and zone
 * @returns the document, or everything that is wrong with it
 */
export function parseNotification(
  json: unknown,
  around: { readonly timezone: string },
): NotificationDoc | readonly FaultyField[] {
  const faults: FaultyField[] = [];
  if (isObject(json) && (json.to ?? null) === null) faults.push({ path: 'to', reason: 'is missing' });
  const read = given(json, '', faults);
  const doc = read && normalised(read, around.timezone, faults);
  return faults.length > 0 || !doc ? faults : doc;
}
