import type { StreamEvent } from '../stream-event.ts';

/** There is something new in a person's stream: a hint, which may come late, twice, out of order, or never. */
export interface WakeUp {
  readonly user: string;
  /** The event itself, so that a reader who has all before it need not ask the store. Absent: ask. */
  readonly event?: StreamEvent | undefined;
  /** The person is gone: their streams end. */
  readonly gone?: true | undefined;
}

/**
 * Tells other instances whom they should wake. Sent once the event can be read by them. What is lost here is found by asking the
 * store, every few seconds.
 */
export interface StreamRouter {
  /** To all instances, or those at which the people are, but not to this one. Never rejects, and holds up nothing. */
  send(wakeUps: readonly WakeUp[]): void;
  /** The one who hears; once. */
  listen(hear: (wakeUps: readonly WakeUp[]) => void): void;
  close(): Promise<void>;
}
