import type { Writable } from 'node:stream';
import type { RelayApi } from '../relay/relay-api.ts';

/** What `martlet users` and `martlet devices` work with. */
export interface PeopleCommandOptions {
  readonly app: string | undefined;
  readonly json: boolean;
  readonly api: RelayApi;
  readonly stdout: Writable;
  readonly say: (line: string) => void;
  /** For what is no part of the result. */
  readonly note: (line: string) => void;
}
