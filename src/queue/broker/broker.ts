import type { AsideReason } from '../file/set-aside.ts';

/** A message as the broker hands it over. */
export interface BrokerMessage {
  /** The broker's own name of it: the same whenever it hands it over again. */
  readonly id: string;
  readonly body: Uint8Array | string;
  /** UNIX milliseconds at which the broker took it; 0 when it does not say. */
  readonly at: number;
  /** What `save` kept of it, when it was handed over before. */
  readonly progress?: Uint8Array | undefined;
  /** Instances that died with it (src/queue/file/deaths.ts), as far as the broker can tell; absent: none. */
  readonly deaths?: number | undefined;
}

/** A message that was reported as failed, for an operator. */
export interface AsideMessage {
  readonly id: string;
  readonly body: Uint8Array;
  readonly reason: AsideReason;
  readonly deaths: number;
  /** UNIX milliseconds. */
  readonly at: number;
}

/** What a broker tells its queue. */
export interface BrokerEvents {
  /** Never throws. */
  message(message: BrokerMessage): void;
  /** Whether this instance has the message already: handed over again it says nothing of a death. */
  holds(id: string): boolean;
  /** Whether the broker heard of this instance lately: otherwise the broker may have been away, and no instance has been heard. */
  isSure(): boolean;
  /** Messages can be published and come in. */
  up(): void;
  /** The connection is gone; the broker tries to get it back by itself. Without credentials. */
  down(why: string): void;
  /** Something that an operator should know. */
  tell(level: 'info' | 'warn' | 'error', message: string): void;
}

export interface Backlog {
  /** Unfinished messages, including those under way at any instance. */
  readonly messages: number;
  /** UNIX milliseconds. */
  readonly oldestAt?: number | undefined;
}

/**
 * A message broker, as far as a queue needs one: messages are handed to one of its instances at a time and come back, here or
 * elsewhere, unless they are finished. Knows messages, not notifications. Heals its connection by itself.
 */
export interface Broker {
  /** For people: the section of the configuration and the address, without credentials. */
  readonly name: string;
  /** A message under way is touched this often, milliseconds, or it goes to another instance. */
  readonly touchMs: number;
  /** Milliseconds after the last `touch` until others may have what is here; undefined: the broker or its connection tells. */
  readonly leaseMs?: number | undefined;
  /** Milliseconds after which the broker takes a message back whatever is said; it has to be handed back before. */
  readonly longestMs?: number | undefined;
  start(events: BrokerEvents): void;
  /** All of them or none. Resolves when the broker has confirmed that it keeps them; rejects otherwise. */
  publish(bodies: readonly Uint8Array[]): Promise<void>;
  /** How many messages it may hand over from now on; replaces what was said before. */
  want(count: number): void;
  /** Takes on nothing more, as far as that can be promised. */
  stop(): Promise<void>;
  /** They are done with. Rejects when the broker may not know it. */
  finish(ids: readonly string[]): Promise<void>;
  /** This instance lives, and these are still under way here. Resolves when the broker has heard it. */
  touch(ids: readonly string[]): Promise<void>;
  /**
   * Which of these others have, or have finished, after this instance was silent for its lease. What the broker has forgotten is not
   * among them. What was on its way here before that, and is handed over from now on, must be this instance's still. `isNew`: handed over after the last `touch` before that silence.
   */
  lost?(ids: readonly string[], isNew: (id: string) => boolean): Promise<ReadonlySet<string>>;
  /** Keeps progress for the next instance that gets the message; absent when the broker has no place for it. */
  save?(id: string, progress: Uint8Array): Promise<void>;
  /**
   * Another instance may have it now, and no death is counted. `rest`: the message with its progress written in, for a broker
   * without `save`. `pauseMs`: until it is handed over again, about, where the broker can wait; default: none.
   */
  handBack(id: string, rest: () => Uint8Array, pauseMs?: number): Promise<void>;
  /** Messages with deaths that are in hand from now on, and that are no longer; absent when the broker has no place to note it. */
  inHand?(ids: readonly string[]): Promise<void>;
  atRest?(ids: readonly string[]): Promise<void>;
  /** Keeps a copy apart, where nothing is handed over from. */
  setAside(message: AsideMessage): Promise<void>;
  /** Undefined when the broker cannot say. */
  backlog(): Promise<Backlog | undefined>;
  close(): Promise<void>;
}
