/** How events are written: one line of JSON, and the frames of server-sent events around it. */
import type { StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamReset } from '../../../streams/stream-reader.ts';
import type { LiveEnd } from './live-connection.ts';

/** The payload is JSON already, and goes byte for byte. */
export const eventJson = ({ id, type, payload, timestamp }: StreamEvent, user: string): string =>
  `{"id":"${id}","type":${JSON.stringify(type)},"user_id":${JSON.stringify(user)},"payload":${payload},"timestamp":${JSON.stringify(timestamp)}}`;

/** What a stream says itself: it has no id, so that the reader's place stays where it is. */
export type Notice =
  | { readonly type: 'reset'; readonly payload: Omit<StreamReset, 'missed'> }
  | { readonly type: 'bye'; readonly payload: { readonly retry_ms: number } }
  | { readonly type: 'reauth'; readonly payload: Readonly<Record<string, never>> };

export const resetNotice = ({ reason, oldest, latest }: StreamReset): Notice => ({
  type: 'reset',
  payload: { oldest, latest, reason },
});

/** What a client hears before its stream ends, where there is something to do about it. */
export function endNotice(why: LiveEnd, retryMs: number): Notice | undefined {
  if (why === 'drain') return { type: 'bye', payload: { retry_ms: retryMs } };
  return why === 'expired' ? { type: 'reauth', payload: {} } : undefined;
}

/** How a reader wants its events. */
export interface FrameForm {
  /** `data:` is the payload alone. */
  readonly isBare: boolean;
  /** No `event:` line, so that `onmessage` of an EventSource has them all. */
  readonly isNameless: boolean;
}

/** Has no line break: JSON escapes those in texts, and where there are some between its parts each line has its `data:`. */
const dataLines = (text: string): string =>
  /[\r\n]/.test(text)
    ? text
        .split(/\r\n|\r|\n/)
        .map((line) => `data: ${line}\n`)
        .join('')
    : `data: ${text}\n`;

export function eventFrame(event: StreamEvent, user: string, { isBare, isNameless }: FrameForm): string {
  const name = isNameless ? '' : `event: ${event.type}\n`;
  return `id: ${event.id}\n${name}${dataLines(isBare ? event.payload : eventJson(event, user))}\n`;
}

/** A browser that hears `retry:` comes back after that time. */
export const noticeFrame = ({ type, payload }: Notice): string =>
  `${'retry_ms' in payload ? `retry: ${payload.retry_ms}\n` : ''}event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`;
