import { MartletError } from '../kit/errors.ts';
import { isoInstant } from '../kit/time/instant.ts';
import type { EventDraft, StreamEvent } from '../streams/stream-event.ts';
import type { StreamReset } from '../streams/stream-reader.ts';

/** What is pushed. */
export interface NotifyDraft {
  /** 1 to 128 characters; not `reset`. */
  readonly type: string;
  /** Any JSON; default null. */
  readonly payload?: unknown;
  /** When it happened: an ISO 8601 instant, kept with all its decimals, or a Date; default: now. */
  readonly timestamp?: string | Date | undefined;
  /** Your own name for it: what a person has under it already, and is kept, is not saved again. */
  readonly key?: string | undefined;
}

/** What a stream has. */
export interface NotifyEvent {
  /** `<epoch>.<offset>`: later ones of a person sort later as text. Empty for `reset`. */
  readonly id: string;
  /** `reset`: the stream cannot go on from the id that was asked for; `payload` is `{oldest, latest, reason}`. */
  readonly type: string;
  readonly userId: string;
  // biome-ignore lint/suspicious/noExplicitAny: what was pushed as JSON
  readonly payload: any;
  readonly timestamp: string;
}

/** Of the event that says that some were missed. */
export const RESET = 'reset';
const LONGEST_TYPE = 128;
const LONGEST_PAYLOAD = 256 * 1024;

/** What cannot be pushed. */
export class EventError extends MartletError {
  readonly code = 'ERR_EVENT';
}

/** @throws EventError */
export function draftOf({ type, payload = null, timestamp, key }: NotifyDraft, now: number): EventDraft {
  if (typeof type !== 'string' || type === '' || type.length > LONGEST_TYPE || type === RESET)
    throw new EventError('notify: the type of an event must be 1 to 128 characters, and not "reset"');
  const json = JSON.stringify(payload);
  if (json === undefined) throw new EventError('notify: the payload of an event must be JSON');
  if (Buffer.byteLength(json) > LONGEST_PAYLOAD)
    throw new EventError('notify: the payload of an event must have at most 262144 bytes as JSON');
  const happened = timestamp instanceof Date ? timestamp.toISOString() : (timestamp ?? isoInstant(now));
  return { type, payload: json, timestamp: happened, ...(key === undefined ? {} : { key }) };
}

export const eventOf = (userId: string, { id, type, payload, timestamp }: StreamEvent): NotifyEvent => ({
  ...{ id, type, userId, timestamp },
  payload: JSON.parse(payload) as unknown,
});

/** The same for what is known here as an event already, such as one that another instance has sent. */
export const streamEventOf = ({ id, type, payload, timestamp }: NotifyEvent): StreamEvent => ({
  ...{ id, type, timestamp },
  payload: JSON.stringify(payload),
});

export const resetOf = (userId: string, { oldest, latest, reason }: StreamReset, now: number): NotifyEvent => ({
  ...{ id: '', type: RESET, userId, timestamp: isoInstant(now) },
  payload: { oldest, latest, reason },
});
