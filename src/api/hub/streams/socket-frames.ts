/** What clients say on a WebSocket of a stream, a JSON object each. */
import { isObject } from '../../../kit/is-object.ts';

/** What a person did with events or notifications: ids of either. */
export interface MarkFrame {
  readonly mark: 'acked' | 'seen';
  readonly ids: readonly string[];
}

export type ClientFrame =
  | MarkFrame
  | { readonly presence: 'active' | 'idle' }
  | { readonly token: string }
  /** Why it means nothing here. */
  | { readonly fault: string };

const MOST_IDS = 100;
const MARKS = { ack: 'acked', seen: 'seen' } as const;

const isId = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 512;

function idsOf(value: unknown): readonly string[] | undefined {
  const ids = Array.isArray(value) ? value : [value];
  return ids.length > 0 && ids.length <= MOST_IDS && ids.every(isId) ? ids : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function clientFrame(text: string): ClientFrame {
  const frame = parsed(text);
  if (!isObject(frame)) return { fault: 'a frame must be an object of JSON' };
  const [word, ...others] = Object.keys(frame);
  if (word === undefined || others.length > 0) return { fault: 'a frame must have one of: ack, seen, presence, token' };
  const value = frame[word];
  switch (word) {
    case 'ack':
    case 'seen': {
      const ids = idsOf(value);
      return ids ? { mark: MARKS[word], ids } : { fault: `${word} must be an id, or a list of at most ${MOST_IDS}` };
    }
    case 'presence':
      return value === 'active' || value === 'idle'
        ? { presence: value }
        : { fault: 'presence must be active or idle' };
    case 'token':
      return typeof value === 'string' ? { token: value } : { fault: 'token must be a text' };
    default:
      return { fault: 'a frame must have one of: ack, seen, presence, token' };
  }
}
