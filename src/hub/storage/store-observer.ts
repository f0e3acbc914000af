/** Told how the store does, by either engine. Never throws. */
export interface StoreObserver {
  /** A work is on the disk. @param ms since it was given */
  wrote?(ms: number): void;
  /** Works that shared one commit. SQLite only. */
  committed?(works: number): void;
  /** Works that were not written because the store could not be reached or written. */
  failed?(works: number): void;
  /** The sealed text of a row cannot be opened: once for each. @param kind `device` @param name as the audit has it, `device#…` */
  unreadable?(kind: string, name: string): void;
  /** The log was moved into the file on the event loop, as the thread that does it could not. SQLite only; once for each row of failures. */
  stoodStill?(error: Error): void;
  /** `HubStore.health` is another than before. */
  turned?(): void;
}
