import { isObject } from '../../kit/is-object.ts';
import type { StreamEvent } from '../stream-event.ts';
import type { WakeUp } from './stream-router.ts';

/** What instances send each other: who says it, and whom to wake. */
export interface WakeMessage {
  readonly from: string;
  readonly wakeUps: readonly WakeUp[];
}

export const wakeText = (message: WakeMessage): string => JSON.stringify(message);

const isEvent = (value: unknown): value is StreamEvent =>
  isObject(value) && ['id', 'type', 'payload', 'timestamp'].every((name) => typeof value[name] === 'string');

/** What is no event is left out: who is woken reads it. */
function wakeUpOf(value: unknown): WakeUp[] {
  if (!isObject(value) || typeof value.user !== 'string') return [];
  const { user, event, gone } = value;
  return [{ user, ...(isEvent(event) ? { event } : {}), ...(gone === true ? { gone } : {}) }];
}

/** What others may have written is not trusted to have the form. @returns undefined for what is no message */
export function readWakeMessage(text: string): WakeMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || typeof value.from !== 'string' || !Array.isArray(value.wakeUps)) return undefined;
    return { from: value.from, wakeUps: value.wakeUps.flatMap(wakeUpOf) };
  } catch {
    return undefined;
  }
}
