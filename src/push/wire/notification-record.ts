import type { Notification } from '../push.ts';
import { notification } from './notification-fields.ts';
import { parseKeepingNumbers } from './parse-json.ts';

/** A notification as the queue and the brokers keep it. */
export const encodeNotification = (decoded: Notification): string => JSON.stringify(decoded);

/** Reads what `encodeNotification` wrote, without checking it again. Throws SyntaxError when it is no JSON. */
export function decodeNotification(json: string): Notification {
  const { value, careful } = parseKeepingNumbers(json);
  // Only the field tells whether such a number is kept as digits (custom data) or is a number (expiration).
  return (careful ? notification(value, { careful, mistakes: [] }) : value) as unknown as Notification;
}
