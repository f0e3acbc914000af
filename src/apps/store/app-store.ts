import { MartletError } from '../../kit/errors.ts';

/** One app as it lies in a store. */
export interface StoredText {
  readonly name: string;
  /** Given by the store, larger than any before, and never given twice. */
  readonly version: number;
  /** What `put` was given. */
  readonly text: string;
}

/** What of an app has to be there for a change: nothing, anything, or exactly this version. */
export type Expected = 'absent' | 'any' | number;

/** What a load found: the state of the whole store, and what to read next time. */
export interface Loaded {
  readonly revision: number;
  readonly versions: ReadonlyMap<string, number>;
  /** Those that `known` did not have, or in another version. */
  readonly changed: readonly StoredText[];
}

/** The part of `Loaded` that the next load starts from. */
export type Known = Pick<Loaded, 'revision' | 'versions'>;

/** Another version was there than the one expected; nothing was changed. */
export class VersionConflictError extends MartletError {
  readonly code = 'ERR_VERSION_CONFLICT';
  /** Undefined: no such app. */
  readonly version: number | undefined;
  constructor(name: string, version: number | undefined) {
    super(`app ${name}: ${version === undefined ? 'is not there' : `is version ${version} by now`}`);
    this.version = version;
  }
}

/** Where the apps made at run time are kept: sealed texts by name. Shared by several processes or instances. */
export interface AppStore {
  /** Where it is, for people: without user and password. */
  readonly place: string;
  /** What is there; with `known`, of the apps only what differs from it. Rejects when the store cannot be reached. */
  load(known?: Known): Promise<Loaded>;
  /** @returns the new version. @throws VersionConflictError */
  put(name: string, text: string, expected: Expected): Promise<number>;
  /** @throws VersionConflictError */
  delete(name: string, expected: Expected): Promise<void>;
  /** Called after a change by any instance, at the latest `apps.ttl` after it did. */
  watch(changed: () => void): void;
  close(): Promise<void>;
}

/** What an engine holds against `expected` of an app whose version is `version`. @throws VersionConflictError */
export function checkExpected(name: string, version: number | undefined, expected: Expected): void {
  const good = expected === 'any' || (expected === 'absent' ? version === undefined : version === expected);
  if (!good) throw new VersionConflictError(name, version);
}
