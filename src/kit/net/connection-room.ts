import type { Socket } from 'node:net';

/** Of the files and connections that a process may have open, the part for what it opens itself: files, modules, providers, hooks, brokers. */
const RESERVE = 1 / 4;
const LEAST_RESERVE = 64;
const MOST_RESERVE = 1024;
/** Of the reserve, for those who administer: they are let in when callers have taken all the rest. */
const ADMINISTRATION = 1 / 4;
const FEWEST = 16;

/** Connections that may be open at once. */
export interface RoomSizes {
  readonly callers: number;
  /** Of the listener of `core.admin_address`. */
  readonly administration: number;
}

/** @param descriptors that the process may have open; Infinity: any number */
export function roomWithin(descriptors: number): RoomSizes {
  const reserve = Math.min(MOST_RESERVE, Math.max(LEAST_RESERVE, Math.ceil(descriptors * RESERVE)));
  return {
    callers: Math.max(FEWEST, descriptors - reserve),
    administration: Math.max(FEWEST, Math.floor(reserve * ADMINISTRATION)),
  };
}

/**
 * Counts connections over several listeners, so that a crowd of callers never takes the last file descriptor: without one nothing is
 * delivered, reported or loaded any more. What is beyond is closed at once.
 */
export class ConnectionRoom {
  readonly #most: number;
  #open = 0;

  /** @param most at once; Infinity: any number */
  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return this.#open;
  }

  /** Call before anything else looks at the connection. False when there is no room: then it is closed. */
  admit(socket: Socket): boolean {
    if (this.#open >= this.#most) {
      socket.destroy();
      return false;
    }
    this.#open++;
    socket.once('close', () => this.#open--);
    return true;
  }
}
