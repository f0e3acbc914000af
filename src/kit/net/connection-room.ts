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

/** What the connections of callers and those that streams last on have together. */
export interface RoomLimits {
  /** Connections of callers; Infinity: any number. */
  readonly most: number;
  /** Connections on which a stream is open. */
  readonly streams: number;
  /** Both together. */
  readonly total: number;
}

/**
 * Streams last, so they are not counted with callers, and never take more than half of what both have together where that is little:
 * requests always find room.
 * @param wanted callers and streams that the configuration allows. @param total that the system allows
 */
export function shareRoom(wanted: { readonly callers: number; readonly streams: number }, total: number): RoomLimits {
  const most = Math.min(wanted.callers, total);
  const left = total === Number.POSITIVE_INFINITY ? total : Math.max(total - most, Math.floor(total / 2));
  return { most, streams: Math.min(wanted.streams, left), total };
}

/** A connection as requests know it, over TLS and HTTP/2 as well. */
export type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

interface Connection {
  readonly socket: Socket;
  /** Requests that are not answered yet. */
  busy: number;
  /** Of them, those that last. */
  streams: number;
  /** When the last one began, and whether its client is still sending it. */
  since: number;
  isReceiving: () => boolean;
  hasPlace: boolean;
}

/** A request that takes longer than this to arrive gives up its place for a new connection. */
const SLOW_MS = 10_000;
/** So many of the busy ones are looked at. */
const MOST_LOOKED_AT = 100;

const isReceived = (): boolean => false;

const nameOf = ({ remoteAddress, remotePort }: Peer): string => `${remoteAddress}:${remotePort}`;

/**
 * Counts connections over several listeners, so that a crowd of callers never takes the last file descriptor: without one nothing is
 * delivered, reported or loaded any more. When all places are taken, a connection without a request makes room for a new one: the
 * oldest of those that never made any, else the one whose last request is longest ago, else one whose request has been arriving for
 * longer than most take. Only when none is to be had is the new one closed. Connections with a stream have limits of their own.
 */
export class ConnectionRoom {
  readonly #limits: RoomLimits;
  readonly #connections = new Map<string, Connection>();
  /** Of no request so far, in order of age. */
  readonly #fresh = new Set<Connection>();
  /** Without a request, in order of the last one's end. */
  readonly #idle = new Set<Connection>();
  /** In order of the begin of their requests. */
  readonly #busy = new Set<Connection>();
  readonly #now: () => number;
  #open = 0;
  #streams = 0;

  /** @param limits a number: at once, and streams are callers like any others; Infinity: any number. @param now monotonic milliseconds */
  constructor(limits: number | RoomLimits, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#limits = typeof limits === 'number' ? { most: limits, streams: Number.NaN, total: limits } : limits;
  }

  /** Of callers. */
  get open(): number {
    return this.#open;
  }

  /** Whether streams have places of their own. */
  get hasStreams(): boolean {
    return !Number.isNaN(this.#limits.streams);
  }

  /** Connections with a stream. */
  get streams(): number {
    return this.#streams;
  }

  /** Call before anything else looks at the connection. False when there is no room: then it is closed. */
  admit(socket: Socket): boolean {
    if (this.#isFull && !this.#makeRoom()) {
      socket.destroy();
      return false;
    }
    this.#open++;
    const connection: Connection = { socket, busy: 0, streams: 0, since: 0, isReceiving: () => false, hasPlace: true };
    // Of a socket that is closed the address is not known any more.
    const name = nameOf(socket);
    this.#connections.set(name, connection);
    this.#fresh.add(connection);
    socket.on('close', () => this.#closed(name, connection));
    return true;
  }

  /**
   * A request has begun.
   * @param isReceiving whether its client is still sending it
   * @returns what to call when it is answered, or given up
   */
  begin(peer: Peer, isReceiving: () => boolean): () => void {
    const connection = this.#connections.get(nameOf(peer));
    if (!connection) return () => {};
    this.#begin(connection, isReceiving);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#end(connection);
    };
  }

  /** Of a connection with one request after the other, each of them wholly received: its place is looked for once. */
  requestsOf(peer: Peer): { begin(): void; end(): void } | undefined {
    const connection = this.#connections.get(nameOf(peer));
    return connection && { begin: () => this.#begin(connection, isReceived), end: () => this.#end(connection) };
  }

  /**
   * A request that was begun lasts as long as its client wants: while one does, its connection is not among those of callers.
   * @returns what to call when it is over; undefined: there are as many as may be
   */
  stream(peer: Peer): (() => void) | undefined {
    const connection = this.#connections.get(nameOf(peer));
    const { streams: most } = this.#limits;
    if (!connection?.hasPlace || !this.hasStreams) return () => {};
    if (connection.streams === 0 && this.#streams >= most) return undefined;
    if (connection.streams++ === 0) {
      this.#streams++;
      this.#open--;
      this.#busy.delete(connection);
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--connection.streams > 0 || !connection.hasPlace) return;
      this.#streams--;
      this.#open++;
      (connection.busy > 0 ? this.#busy : this.#idle).add(connection);
      if (this.#open > this.#limits.most) this.#makeRoom();
    };
  }

  #begin(connection: Connection, isReceiving: () => boolean): void {
    connection.busy++;
    connection.since = this.#now();
    connection.isReceiving = isReceiving;
    for (const other of [this.#fresh, this.#idle, this.#busy]) other.delete(connection);
    if (connection.streams === 0) this.#busy.add(connection);
  }

  #end(connection: Connection): void {
    if (--connection.busy > 0 || !connection.hasPlace || connection.streams > 0) return;
    this.#busy.delete(connection);
    connection.isReceiving = isReceived;
    this.#idle.add(connection);
  }

  get #isFull(): boolean {
    const { most, total } = this.#limits;
    return this.#open >= most || this.#open + this.#streams >= total;
  }

  #makeRoom(): boolean {
    const [connection = this.#slowOne()] = this.#fresh.size > 0 ? this.#fresh : this.#idle;
    if (!connection) return false;
    this.#leave(connection);
    connection.socket.destroy();
    return true;
  }

  #slowOne(): Connection | undefined {
    const before = this.#now() - SLOW_MS;
    for (const connection of this.#busy.values().take(MOST_LOOKED_AT))
      if (connection.since <= before && connection.isReceiving()) return connection;
    return undefined;
  }

  #closed(name: string, connection: Connection): void {
    if (this.#connections.get(name) === connection) this.#connections.delete(name);
    this.#leave(connection);
  }

  /** Its place is free. May be called again. */
  #leave(connection: Connection): void {
    if (!connection.hasPlace) return;
    connection.hasPlace = false;
    for (const kind of [this.#fresh, this.#idle, this.#busy]) kind.delete(connection);
    if (connection.streams > 0) this.#streams--;
    else this.#open--;
  }
}
