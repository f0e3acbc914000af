import type { LiveConnection, LiveEnd } from './live-connection.ts';

/** A poll that waits is a stream, too. */
export type WatchedKind = LiveConnection['kind'] | 'poll';

/** Hears of streams, for metrics. */
export interface StreamsWatch {
  opened(kind: WatchedKind): void;
  closed(kind: WatchedKind, why: LiveEnd): void;
  /** There was no room for one. */
  refused(): void;
  /** An event was written to a stream. */
  sent(): void;
  /** Events were removed before a stream took them; a reset says so. */
  dropped(count: number): void;
}
