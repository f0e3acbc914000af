import type { InstancePlace, PresenceView, PresenceWord } from './presence.ts';

/** What a process says to the one that knows who is connected to any of them. Each is answered under its id, in order. */
export type PresenceCall = { readonly id: number } & (
  | { readonly do: 'join'; readonly key: string; readonly user: string; readonly place: InstancePlace }
  | { readonly do: 'state'; readonly key: string; readonly state: 'active' | 'idle' }
  | { readonly do: 'leave'; readonly key: string }
  | { readonly do: 'say'; readonly user: string; readonly state: PresenceWord; readonly leaseMs: number }
  | { readonly do: 'look'; readonly users: readonly string[] }
);

export interface PresenceAnswer {
  readonly id: number;
  /** Of `look`, in the order of its people. */
  readonly views?: readonly PresenceView[];
}

/** To the process that knows, and back. */
export interface PresenceChannel {
  /** Resolves when they have left this process, or never will. */
  send(calls: readonly PresenceCall[]): Promise<void>;
  /** The one who hears; once. */
  listen(hear: (answers: readonly PresenceAnswer[]) => void): void;
}
