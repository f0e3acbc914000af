import type { Notification } from '../push/push.ts';
import type { PushEntry } from '../push/push-entry.ts';

/** Bytes of the heap: of a failed push in an answer, with what says that it was open (280 measured). */
const ENTRY = 320;
/** Texts up to here are shared by all entries of a notification; of longer ones each has a part of its own (entry-text.ts). */
const SHARED = 1024;
/** A character beyond Latin takes two bytes. */
const CHARACTER = 2;

const textCost = (text: string): number => CHARACTER * text.length;

/** What the failures of an answer take while they are kept, in bytes. */
export function entriesCost(logs: readonly PushEntry[]): number {
  let cost = 0;
  let before = '';
  for (const { token, message, error } of logs) {
    cost += ENTRY + token.length + textCost(error);
    if (message.length > SHARED || message !== before) cost += textCost(message);
    before = message;
  }
  return cost;
}

/** The most that the answer to so many targets of a notification takes, were all of them to fail. */
export function answerCost({ message = '' }: Pick<Notification, 'message'>, targets: number): number {
  const own = message.length > SHARED ? CHARACTER * SHARED : 0;
  return targets * (ENTRY + own);
}
