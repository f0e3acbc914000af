/**
 * Of all tabs of a browser that want one person's stream, one holds the connection (Web Locks) and tells the others (BroadcastChannel).
 * When it is closed, another takes over where it was.
 */
import type { PersonEvent, StreamGap, StreamListeners, StreamState } from './live-stream.ts';

/** A `BroadcastChannel`. */
export interface TabChannel {
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What a browser has and Node may not; absent: every caller has a connection of its own. */
export interface Tabs {
  readonly locks: {
    request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
  };
  readonly channel: (name: string) => TabChannel;
}

/** The tabs of this browser; undefined where there are none, or they cannot find each other. */
export function tabsOf(scope: typeof globalThis = globalThis): Tabs | undefined {
  const { navigator, BroadcastChannel } = scope as {
    navigator?: { locks?: unknown };
    BroadcastChannel?: new (name: string) => unknown;
  };
  const locks = navigator?.locks as Tabs['locks'] | undefined;
  if (!locks || !BroadcastChannel || !('document' in scope)) return undefined;
  return {
    locks: { request: (...call) => locks.request(...call) },
    channel: (name) => new BroadcastChannel(name) as TabChannel,
  };
}

type Told =
  | { readonly kind: 'event'; readonly event: PersonEvent }
  | { readonly kind: 'gap'; readonly gap: StreamGap }
  | { readonly kind: 'state'; readonly state: StreamState }
  /** A tab that has just come asks where the stream is, so that it misses nothing should it have to take over at once. */
  | { readonly kind: 'where' }
  | { readonly kind: 'place'; readonly id: string };

/** The connection that one of them holds. */
export interface HeldStream {
  /** The id after which it goes on; empty: not known yet. */
  readonly position: string;
  close(): Promise<void>;
}

export interface OneTabOptions {
  readonly tabs: Tabs;
  /** The same in all tabs of one person at one server. */
  readonly name: string;
  /** Where this tab begins. */
  readonly after: string;
  readonly listeners: StreamListeners;
  /** Connects; called once this tab is the one. */
  readonly open: (after: string, listeners: StreamListeners) => HeldStream;
}

export class OneTab implements HeldStream {
  readonly #options: OneTabOptions;
  readonly #closing = new AbortController();
  readonly #channel: TabChannel;
  readonly #turn: Promise<unknown>;
  #last: string;
  #held: HeldStream | undefined;

  constructor(options: OneTabOptions) {
    this.#options = options;
    this.#last = options.after;
    this.#channel = options.tabs.channel(options.name);
    this.#channel.onmessage = ({ data }) => this.#hear(data as Told);
    this.#channel.postMessage({ kind: 'where' } satisfies Told);
    const { signal } = this.#closing;
    this.#turn = options.tabs.locks.request(options.name, { signal }, () => this.#hold()).catch(() => {});
  }

  get position(): string {
    return this.#held?.position ?? this.#last;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turn;
    this.#channel.close();
  }

  async #hold(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const tell = (told: Told): void => {
      this.#channel.postMessage(told);
      this.#deliver(told);
    };
    this.#held = this.#options.open(this.#last, {
      onEvent: (event) => tell({ kind: 'event', event }),
      onGap: (gap) => tell({ kind: 'gap', gap }),
      onState: (state) => {
        tell({ kind: 'state', state });
        if (state.kind === 'open') this.#tellPlace();
      },
    });
    await new Promise<void>((resolve) =>
      this.#closing.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    await this.#held.close();
  }

  #tellPlace(): void {
    if (this.#held) this.#channel.postMessage({ kind: 'place', id: this.#held.position } satisfies Told);
  }

  #hear(told: Told): void {
    // That another one closes its connection is not for this tab: it takes over.
    if (told.kind === 'where') this.#tellPlace();
    if (this.#held || (told.kind === 'state' && told.state.kind === 'closed')) return;
    this.#deliver(told);
  }

  #deliver(told: Told): void {
    const { listeners } = this.#options;
    if (told.kind === 'event') {
      this.#last = told.event.id;
      listeners.onEvent(told.event);
    } else if (told.kind === 'gap') listeners.onGap?.(told.gap);
    else if (told.kind === 'state') listeners.onState?.(told.state);
    else if (told.kind === 'place') this.#last ||= told.id;
  }
}
