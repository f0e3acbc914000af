import type { AppSettings } from '../config/schema.ts';

/** An app as the process knows it. Immutable: a change is a new object. */
export interface App {
  readonly name: string;
  readonly origin: 'file' | 'store';
  /** Different whenever the settings are. */
  readonly version: string;
  /** What a notification may be chosen by besides the name: APNs topics, and the Firebase project. */
  readonly topics: readonly string[];
  readonly project: string | undefined;
  /** UNIX milliseconds at which its APNs certificate expires; absent for token keys. */
  readonly expiresAt?: number | undefined;
  /** Its settings without their secrets. */
  readonly shown: AppSettings;
  /** Its settings with their secrets, which may have to be opened first. @throws when they cannot be. */
  settings(): AppSettings;
}
