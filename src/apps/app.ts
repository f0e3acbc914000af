import type { Config } from '../config/schema.ts';

/** What an app sets itself; it lies over the flat sections of the configuration, key by key. Secrets included. */
export type AppSettings = Config['apps']['named'][string];

/** Lower-case letters, digits, `_` and `-`, at most 64, beginning with a letter or a digit. Names are looked up in any case. */
export const APP_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** The app of the sections outside `apps`. */
export const DEFAULT_APP = 'default';

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
