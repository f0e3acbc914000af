import { hasBit } from '../../kit/bits.ts';
import { toError } from '../../kit/errors.ts';
import type { QueueEntry, Restore } from '../queue.ts';
import { storedCost } from '../request-cost.ts';
import type { BrokerMessage } from './broker.ts';
import { decodeMessage } from './broker-message.ts';

/** What a message is on its lane. */
export interface RestoredMessage {
  readonly entry: QueueEntry;
  /** Whether the target at this place was settled before. */
  readonly isDone: (place: number) => boolean;
  /** Bytes of the heap that it takes (request-cost.ts). */
  readonly cost: number;
}

/** Why a message cannot be read. */
export interface UnreadableMessage {
  readonly why: string;
}

/** Makes an entry of a message; undefined when nothing of it is left to send. */
export function restoreMessage(
  message: BrokerMessage,
  restore: Restore,
): RestoredMessage | UnreadableMessage | undefined {
  try {
    const decoded = decodeMessage(message.body, message.id, message.at || Date.now());
    const isDone = progressOf(decoded.done, message.progress);
    const restored = restore({ ...decoded, isDone: (_, place) => isDone(place) });
    if ('unreadable' in restored) return { why: restored.unreadable };
    const [entry] = restored;
    return entry && { entry, isDone, cost: storedCost(decoded.body) };
  } catch (error) {
    return { why: toError(error) instanceof SyntaxError ? 'it is not JSON' : toError(error).message };
  }
}

/** What the message says itself, and what was kept beside it. */
function progressOf(done: Uint8Array | undefined, saved: Uint8Array | undefined): (place: number) => boolean {
  return (place) => (done !== undefined && hasBit(done, place)) || (saved !== undefined && hasBit(saved, place));
}
