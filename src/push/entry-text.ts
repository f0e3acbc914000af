import type { Notification } from './push.ts';

/** Characters that each entry has in full, however many there are; APNs and FCM take 4 KiB for a whole payload. */
const ALWAYS_WHOLE = 1024;
/** Of one text in all entries of a notification together, as a multiple of the text. */
const MOST_COPIES = 3;

/**
 * A text that the results of all targets of a notification repeat (its message, its `notif_id`, a provider's words), as one
 * result has it. A long one is cut where the results together would hold it more than three times, and says how long it was:
 * 5 MB for 2,000 tokens would be written out as 10 GB.
 */
export function entryText(text: string, { tokens }: Pick<Notification, 'tokens'>): string {
  if (text.length <= ALWAYS_WHOLE) return text;
  // `to`, and a topic or a condition, are further targets.
  const most = Math.max(ALWAYS_WHOLE, Math.floor((text.length * MOST_COPIES) / (tokens.length + 2)));
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}… (${text.length} characters)`;
}
