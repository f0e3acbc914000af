import type { InstancePlace, PresenceView, PresenceWord, PresentAt } from './presence.ts';

export interface PresenceConnection {
  readonly id: string;
  readonly place: InstancePlace;
  state: 'active' | 'idle';
}

/** Most people have one connection: a list of one, and no `Map`, which takes two hundred bytes more. */
const NONE: PresenceConnection[] = [];

/** What is known of one person's presence. Times are UNIX milliseconds. */
export class PersonPresence {
  #connections: PresenceConnection[] = NONE;
  #said: { readonly state: PresenceWord; readonly until: number } | undefined;
  #lastActiveAt = 0;

  join(connection: PresenceConnection, now: number): void {
    if (this.#connections.length === 0) this.#connections = [connection];
    else this.#connections.push(connection);
    this.seen(now);
  }

  leave(id: string, now: number): void {
    const others = this.#connections.filter((connection) => connection.id !== id);
    if (others.length === this.#connections.length) return;
    this.#connections = others;
    this.seen(now);
  }

  say(state: PresenceWord, now: number, leaseMs: number): void {
    this.#said = { state, until: now + leaseMs };
    if (state === 'active') this.seen(now);
  }

  seen(now: number): void {
    this.#lastActiveAt = now;
  }

  /** Nothing of it holds now, and it was last seen before `time`. */
  isOver(time: number, now: number): boolean {
    return this.#connections.length === 0 && this.#lastActiveAt < time && !this.#saidNow(now);
  }

  view(now: number): PresenceView {
    return {
      ...presenceOf(this.#connections, this.#saidNow(now)),
      ...(this.#lastActiveAt > 0 ? { lastActiveAt: this.#lastActiveAt } : {}),
    };
  }

  #saidNow(now: number): PresenceWord | undefined {
    return this.#said && now < this.#said.until ? this.#said.state : undefined;
  }
}

/** One rule for every tracker. @param said what the person's client says for now, if anything */
export function presenceOf(
  connections: readonly Omit<PresenceConnection, 'id'>[],
  said: PresenceWord | undefined,
): Pick<PresenceView, 'online' | 'state' | 'instances'> {
  const online = connections.length > 0 || said === 'active' || said === 'idle';
  const byConnections = connections.some(({ state }) => state === 'active') ? 'active' : online ? 'idle' : 'offline';
  return { online, state: said ?? byConnections, instances: instancesOf(connections) };
}

function instancesOf(connections: readonly Omit<PresenceConnection, 'id'>[]): PresentAt[] {
  const groups = Map.groupBy(connections, ({ place }) => place.instance);
  return [...groups].map(([instance, some]) => {
    const { metadata } = (some.at(-1) as PresenceConnection).place;
    return { instance, ...(metadata ? { metadata } : {}), connections: some.length };
  });
}
