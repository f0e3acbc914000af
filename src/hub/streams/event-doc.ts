/** The bodies by which back ends publish to streams. */
import { checked, flag, listOf, pathOf, type Reader, setOf, shape, textOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { instantMs } from '../../kit/time/instant.ts';
import type { EventDraft } from '../../streams/stream-event.ts';
import { id } from '../words/id.ts';

const MOST_EVENTS = 1000;
const MOST_USERS = 10_000;
const MOST_PAYLOAD = 256 * 1024;
/** Bytes of the copies that all people of a request get: each is written. */
const MOST_COPIED = 16 * 1024 * 1024;
/** What streams say themselves. */
const RESERVED = new Set(['reset', 'bye', 'reauth', 'error']);
const TYPE = /^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u;

const eventType: Reader<string> = (value, at, faults) => {
  if (typeof value !== 'string' || !TYPE.test(value))
    faults.push({ path: at, reason: 'must be 1 to 128 printable characters' });
  else if (RESERVED.has(value)) faults.push({ path: at, reason: 'is a word of the streams themselves' });
  else return value;
  return undefined;
};

/** @returns its JSON */
const payload: Reader<string> = (value, at, faults) => {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= MOST_PAYLOAD) return text;
  faults.push({ path: at, reason: 'must have at most 262144 bytes as JSON' });
  return undefined;
};

/** @returns as it was given: with all its decimals */
const timestamp: Reader<string> = (value, at, faults) => {
  if (typeof value === 'string' && value.length <= 64 && instantMs(value) !== undefined) return value;
  faults.push({ path: at, reason: 'must be an instant, such as 2026-12-01T09:00:00Z' });
  return undefined;
};

const fields = { type: eventType, payload, timestamp, id: textOf(256, 1) };

interface Given {
  readonly type?: string;
  readonly payload?: string;
  readonly timestamp?: string;
  readonly id?: string;
}

const draftOf = (now: string) => {
  return (given: Given, at: string, faults: FaultyField[]): EventDraft | undefined => {
    const { type, payload: json = 'null', timestamp: happened = now, id: key } = given;
    if (type !== undefined) return { type, payload: json, timestamp: happened, ...(key === undefined ? {} : { key }) };
    faults.push({ path: pathOf(at, 'type'), reason: 'is missing' });
    return undefined;
  };
};

type Parsed<T> = { readonly faults: readonly FaultyField[] } | T;

/**
 * The body of `POST /v1/users/{user}/events`: an event, or a list of them.
 * @param now the instant of events that do not say when they happened
 */
export function parseEvents(body: unknown, now: string): Parsed<{ readonly drafts: readonly EventDraft[] }> {
  const event = checked(shape(fields), draftOf(now));
  const faults: FaultyField[] = [];
  if (!Array.isArray(body)) {
    const draft = event(body, '', faults);
    return draft ? { drafts: [draft] } : { faults };
  }
  const drafts = listOf(event, MOST_EVENTS)(body, '', faults);
  if (drafts?.length === 0) faults.push({ path: '', reason: 'must have at least one event' });
  return drafts && faults.length === 0 ? { drafts } : { faults };
}

/** One event, for whom. */
export interface EventForMany {
  /** Each once. */
  readonly users: readonly string[] | 'everyone';
  readonly draft: EventDraft;
}

/** The body of `POST /v1/events`. */
export function parseEventForMany(body: unknown, now: string): Parsed<EventForMany> {
  const faults: FaultyField[] = [];
  const read = shape({ ...fields, users: setOf(id, MOST_USERS), everyone: flag })(body, '', faults);
  const draft = read && draftOf(now)(read, '', faults);
  if (!draft) return { faults };
  const isForAll = read.everyone === true;
  if (isForAll === (read.users !== undefined))
    return { faults: [{ path: 'users', reason: 'must be given, or else everyone: true' }] };
  if (isForAll) return { users: 'everyone', draft };
  const { users = [] } = read;
  const bytes = Buffer.byteLength(draft.payload);
  if (users.length <= 1 || users.length * bytes <= MOST_COPIED) return { users, draft };
  const most = Math.floor(MOST_COPIED / bytes);
  return { faults: [{ path: 'users', reason: `must be at most ${most} for a payload of ${bytes} bytes` }] };
}
