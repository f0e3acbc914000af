import { MartletError } from '../../kit/errors.ts';

/** Online and looking, online and not, or not there. */
export type PresenceWord = 'active' | 'idle' | 'offline';

/** Where a connection is. */
export interface InstancePlace {
  /** Name of the instance; may be empty where there is one only. */
  readonly instance: string;
  /** How that instance is reached by those who route to it, such as its address. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** The connections of a person at one instance. */
export interface PresentAt extends InstancePlace {
  readonly connections: number;
}

export interface PresenceView {
  /** A connection is open, or the person's client has said less than its lease ago that it is there. */
  readonly online: boolean;
  /** What was said last while its lease lasts, else `active` with a connection that is not idle. */
  readonly state: PresenceWord;
  readonly instances: readonly PresentAt[];
  /** UNIX milliseconds; undefined: not seen within the memory of presence. */
  readonly lastActiveAt?: number | undefined;
}

/** One connection of a person. */
export interface PresenceRegistration {
  /** Of this connection alone: leaving removes no other. */
  readonly id: string;
  /** The connection's own client says whether anyone looks. */
  state(state: 'active' | 'idle'): void;
  /** Again: nothing. Never rejects: what cannot be said now ends with its lease. */
  leave(): Promise<void>;
}

/**
 * Who is there. An entry of an instance that died ends with its lease (30 s), one that left is gone at once; one that was lost is
 * there again with the next renewal (10 s).
 */
export interface Presence {
  register(user: string, place?: InstancePlace): Promise<PresenceRegistration>;
  /** What a client without a connection says, or one for all of a person's connections; for so many milliseconds. */
  say(user: string, state: PresenceWord, leaseMs: number): Promise<void>;
  isOnline(user: string): Promise<boolean>;
  /** Those of `users` who are online, in their order. */
  onlineUsers(users: readonly string[]): Promise<readonly string[]>;
  /** Each instance at which the person has connections. */
  locate(user: string): Promise<readonly PresentAt[]>;
  /** Whether it is known without a question that no one is there; absent: it is not. */
  readonly isEmpty?: boolean;
  /** All of it, for many in one question. */
  look(users: readonly string[]): Promise<ReadonlyMap<string, PresenceView>>;
  /** Leaves with all that was registered here; from then on everything else rejects with PresenceClosedError. */
  close(): Promise<void>;
}

export class PresenceClosedError extends MartletError {
  readonly code = 'ERR_PRESENCE_CLOSED';
  constructor() {
    super('the tracker of presence is closed');
  }
}
