import { hasBit } from '../../kit/bits.ts';
import { toError } from '../../kit/errors.ts';
import { ASIDE_FROM } from '../file/deaths.ts';
import type { GivenUp, QueueEntry, Restore } from '../queue.ts';
import { storedCost } from '../request-cost.ts';
import type { BrokerMessage } from './broker.ts';
import { decodeMessage, envelopeOf } from './broker-message.ts';

/** What a message is on its lane. */
export interface RestoredMessage {
  readonly entry: QueueEntry;
  /** Whether the target at this place was settled before. */
  readonly isDone: (place: number) => boolean;
  /** Bytes of the heap that it takes (request-cost.ts). */
  readonly cost: number;
}

/** Makes an entry of a message; undefined when nothing of it is left to send, `unreadable` when it was reported as such. */
export function restoreMessage(message: BrokerMessage, restore: Restore): RestoredMessage | 'unreadable' | undefined {
  try {
    const decoded = decodeMessage(message.body, message.id, message.at || Date.now());
    const isDone = progressOf(decoded.done, message.progress);
    const restored = restore({ ...decoded, isDone: (_, place) => isDone(place) });
    if ('unreadable' in restored) return 'unreadable';
    const [entry] = restored;
    return entry && { entry, isDone, cost: storedCost(decoded.body) };
  } catch (error) {
    const why = toError(error) instanceof SyntaxError ? 'it is not JSON' : toError(error).message;
    reportWhole(message, restore, { unreadable: why });
    return 'unreadable';
  }
}

/** Has a message reported as failed that instances die with; after one more death it is not read for that. */
export function giveUpMessage(message: BrokerMessage, restore: Restore): void {
  const { deaths = 0 } = message;
  try {
    if (deaths === ASIDE_FROM) {
      const decoded = decodeMessage(message.body, message.id, message.at || Date.now());
      const isDone = progressOf(decoded.done, message.progress);
      restore({ ...decoded, isDone: (_, place) => isDone(place), givenUp: { deaths, mayRead: true } });
      return;
    }
  } catch {
    // It cannot be read at all.
  }
  reportWhole(message, restore, { deaths, mayRead: false });
}

function reportWhole({ id, at, body, deaths = 0 }: BrokerMessage, restore: Restore, givenUp: GivenUp): void {
  // Not even its envelope, when instances went on dying.
  const known = deaths > ASIDE_FROM + 1 ? {} : envelopeOf(body);
  const request = { id, app: '', acceptedAt: at || Date.now(), ...known };
  restore({ ...request, body: Buffer.alloc(0), isDone: () => false, givenUp });
}

/** What the message says itself, and what was kept beside it. */
function progressOf(done: Uint8Array | undefined, saved: Uint8Array | undefined): (place: number) => boolean {
  return (place) => (done !== undefined && hasBit(done, place)) || (saved !== undefined && hasBit(saved, place));
}
