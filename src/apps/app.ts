import type { AppSettings } from '../providers/registry.ts';

/** A credential of an app that ends by itself. */
export interface CredentialEnd {
  /** The name of the provider, `apns`. */
  readonly provider: string;
  /** UNIX milliseconds. */
  readonly expiresAt: number;
}

/** An app as the process knows it. Immutable: a change is a new object. */
export interface App {
  readonly name: string;
  readonly origin: 'file' | 'store';
  /** Different whenever the settings are. */
  readonly version: string;
  /** What a notification may be chosen by other than the name: APNs topics, and the Firebase project. */
  readonly topics: readonly string[];
  readonly project: string | undefined;
  /** When credentials of its own end; of those that have an end. */
  readonly expiries: readonly CredentialEnd[];
  /** Its settings without their secrets. */
  readonly shown: AppSettings;
  /** Its settings with their secrets, which may have to be opened first. @throws when they cannot be. */
  settings(): AppSettings;
}
