/**
 * How other parts of the hub send: notifications about something that they keep, taken in the transaction that changes it, so that it
 * is never changed without its notices, and no notice is sent twice.
 */
import type { HubDb } from '../storage/storage.ts';
import type { PresenceState } from './decide-input.ts';
import type { NotificationDoc } from './notification-doc.ts';

/** By person; who is not there is offline. */
export type Presences = ReadonlyMap<string, PresenceState>;

export interface NoticeOrder {
  readonly app: string;
  readonly doc: NotificationDoc;
  /** `incident:<id>`: by this name `end` finds it. */
  readonly about: string;
  /** In the place of that of its priority. */
  readonly sound?: string | undefined;
  /** Who is asleep is not disturbed by it. */
  readonly awakeOnly?: boolean | undefined;
}

/** A notice that is in the store once the transaction is committed. */
export interface TakenNotice {
  readonly id: string;
  readonly status: string;
  readonly recipients: {
    readonly total: number;
    readonly queued: number;
    readonly held: number;
    readonly suppressed: number;
    readonly no_channel: number;
    readonly unknown: number;
    /** Those that were not looked at yet, of very many. */
    readonly undecided?: number;
    readonly ids: { readonly unknown: readonly string[] };
  };
  /** To be called after the commit. */
  deliver(): void;
}

/** Why notices that have not left are not to leave any more. */
export type NoticeEnd = 'acked' | 'resolved' | 'cancelled';

export interface EndedNotices {
  readonly app: string;
  readonly about: string;
  readonly reason: NoticeEnd;
  /** Only those with this `cancel_key`; absent: all. */
  readonly key?: string;
}

export interface WithdrawnNotices {
  readonly app: string;
  readonly about: string;
  /** Whom it does not concern any more. */
  readonly users: readonly string[];
}

export interface ForgottenIn {
  readonly app: string;
  readonly about: string;
  readonly user: string;
  /** What a notice says without the person; the same document when it does not speak of them. */
  readonly told: (doc: NotificationDoc) => NotificationDoc;
}

export interface NoticeIntake {
  /** To be asked before the transaction. */
  presence(app: string, users: readonly string[]): Promise<Presences>;
  take(tx: HubDb, order: NoticeOrder, presences: Presences): Promise<TakenNotice>;
  /** The same for many of one app, each for one person: by place in what was given. */
  takeAll(tx: HubDb, orders: readonly NoticeOrder[], presences: Presences): Promise<readonly TakenNotice[]>;
  /**
   * Takes back what has not left; what is just leaving is asked about again, wherever it is.
   * @returns to be called after the commit
   */
  end(tx: HubDb, ended: EndedNotices): Promise<() => void>;
  /** Takes back what has not left to some of its people. @returns to be called after the commit */
  withdraw(tx: HubDb, withdrawn: WithdrawnNotices): Promise<() => void>;
  /** Takes a person out of all of them, in the transaction that erases the person. */
  forget(tx: HubDb, forgotten: ForgottenIn): Promise<void>;
  /** A timer was set: after the commit. @param at UNIX milliseconds */
  nudge(at: number): void;
}
