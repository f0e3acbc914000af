import type { Result } from '../failure.ts';
import { type Reply, sendRequest, type Transport } from '../send-request.ts';
import { baseOf, queryOf, TIMEOUT_MS, transportOf } from '../transport.ts';
import { LiveStream, type StreamListeners } from './live-stream.ts';
import { type HeldStream, OneTab, type Tabs, tabsOf } from './one-tab.ts';
import { browserPush, type PushSurroundings, subscribe, unsubscribe, type WebPushOptions } from './web-push.ts';

export type { Failure, FailureKind, Result } from '../failure.ts';
export type { PersonEvent, StreamGap, StreamListeners, StreamState } from './live-stream.ts';
export type { WebPushOptions } from './web-push.ts';

export interface PersonClientOptions extends Partial<Transport> {
  /** Where the relay is, as `createClient` takes it. */
  readonly url: string;
  /** The person's id. */
  readonly user: string;
  /**
   * The person's token, which your back end gets by `POST /v1/users/{user}/tokens`. Asked for once, and again when it has ended.
   * @param isStale the last one is refused, or about to end
   */
  readonly token: (isStale: boolean) => string | undefined | Promise<string | undefined>;
  /** Names this installation: the id of its device. */
  readonly device?: string | undefined;
  /** Of all tries of a call together, milliseconds; default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Default: those of the browser. `null`: each tab has a connection of its own. */
  readonly tabs?: Tabs | null | undefined;
  /** Default: the browser's. */
  readonly push?: PushSurroundings | undefined;
}

export interface StreamOptions extends StreamListeners {
  /** Where it begins: the id of an event that you have, `earliest` for all that is kept; default: what comes from now on. */
  readonly after?: string | undefined;
  /** Without a byte for so long the connection is taken for lost; default 45,000. */
  readonly silenceMs?: number | undefined;
}

/** The body of `PUT /v1/devices/{device}`, without the person. */
export interface DeviceDetails {
  readonly platform: 'ios' | 'android' | 'huawei' | 'web' | 'expo' | 'ntfy';
  readonly token?: string | undefined;
  readonly subscription?: object | undefined;
  readonly [detail: string]: unknown;
}

export interface InboxItem {
  readonly id: string;
  readonly type: string;
  readonly title?: string;
  readonly message?: string;
  readonly url?: string;
  readonly data?: unknown;
  readonly created_at: string;
  readonly seen_at?: string | null;
  readonly read_at?: string | null;
}

/** `offset` grows with each change: counts with a smaller one are older. */
export interface InboxTotals {
  readonly unread: number;
  readonly unseen: number;
  readonly offset: number;
}

export interface PersonInbox extends InboxTotals {
  readonly notifications: readonly InboxItem[];
  /** Absent on the last page. */
  readonly next_cursor?: string;
}

export interface PersonClient {
  /** Opens the person's stream and keeps it open. All tabs of a browser share one connection. */
  stream(options: StreamOptions): HeldStream;
  inbox(page?: { readonly limit?: number; readonly cursor?: string }): Promise<Result<PersonInbox>>;
  /** The notification has reached the app: no push follows. */
  ack(notification: string): Promise<Result<InboxTotals>>;
  seen(notification: string): Promise<Result<InboxTotals>>;
  read(notification: string): Promise<Result<InboxTotals>>;
  readAll(): Promise<Result<InboxTotals>>;
  /** Whether the person looks: `idle` lets pushes come at once. Holds for half a minute. */
  presence(state: 'active' | 'idle' | 'offline'): Promise<Result<{ readonly state: string; readonly online: boolean }>>;
  /** Registers this installation, or a change of it: call it at each start of the app. Needs `device`. */
  registerDevice(details: DeviceDetails): Promise<Result<{ readonly id: string; readonly status: string }>>;
  /** Asks the person for notifications and registers this browser. Call it from a click. Needs `device`. */
  enableWebPush(options: WebPushOptions): Promise<Result<{ readonly id: string; readonly status: string }>>;
  /**
   * Ends streams, and takes this installation from the person. Await it before you drop the token: it resolves when the server has
   * confirmed that nothing more comes here, or says why not.
   */
  signOut(): Promise<Result<object>>;
}

const NO_DEVICE = {
  ok: false,
  error: { kind: 'invalid', message: 'give `device` to createPersonClient: the id of this installation' },
} as const;

/** A client for the app of one person, in a browser, a phone's JavaScript or Node. Nothing is thrown for what the server or the network does. */
export function createPersonClient(options: PersonClientOptions): PersonClient {
  return new PersonCalls(options);
}

class PersonCalls implements PersonClient {
  readonly #options: PersonClientOptions;
  readonly #transport: Transport;
  readonly #base: string;
  readonly #streams = new Set<HeldStream>();
  readonly #push: PushSurroundings | undefined;
  #token: Promise<string | undefined> | undefined;

  constructor(options: PersonClientOptions) {
    this.#options = options;
    this.#transport = transportOf(options);
    this.#base = `${baseOf(options.url)}/v1`;
    this.#push = options.push ?? browserPush();
  }

  stream({ after = '', silenceMs, ...listeners }: StreamOptions): HeldStream {
    const { user, tabs = tabsOf() } = this.#options;
    const url = `${this.#personUrl}/stream`;
    const open = (from: string, heard: StreamListeners): HeldStream =>
      new LiveStream({
        ...this.#transport,
        ...heard,
        url,
        after: from,
        silenceMs,
        token: (isStale) => this.#askToken(isStale),
      });
    const name = `martlet:${this.#base}:${user}`;
    const held = tabs ? new OneTab({ tabs, name, after, listeners, open }) : open(after, listeners);
    const stream: HeldStream = {
      get position() {
        return held.position;
      },
      close: () => {
        this.#streams.delete(stream);
        return held.close();
      },
    };
    this.#streams.add(stream);
    return stream;
  }

  async inbox({
    limit,
    cursor,
  }: {
    readonly limit?: number | undefined;
    readonly cursor?: string | undefined;
  } = {}): Promise<Result<PersonInbox>> {
    return this.#call('GET', `${this.#personUrl}/notifications${queryOf({ limit, cursor })}`);
  }

  ack = (notification: string): Promise<Result<InboxTotals>> => this.#mark(notification, 'ack');
  seen = (notification: string): Promise<Result<InboxTotals>> => this.#mark(notification, 'seen');
  read = (notification: string): Promise<Result<InboxTotals>> => this.#mark(notification, 'read');

  readAll(): Promise<Result<InboxTotals>> {
    return this.#call('POST', `${this.#personUrl}/notifications/read-all`);
  }

  presence(
    state: 'active' | 'idle' | 'offline',
  ): Promise<Result<{ readonly state: string; readonly online: boolean }>> {
    return this.#call('PUT', `${this.#personUrl}/presence`, { state });
  }

  async registerDevice(details: DeviceDetails): Promise<Result<{ readonly id: string; readonly status: string }>> {
    const { device, user } = this.#options;
    if (device === undefined) return NO_DEVICE;
    return this.#call('PUT', this.#deviceUrl(device), { ...details, user });
  }

  async enableWebPush(options: WebPushOptions): Promise<Result<{ readonly id: string; readonly status: string }>> {
    if (this.#options.device === undefined) return NO_DEVICE;
    const subscribed = await subscribe(options, this.#push);
    if (!subscribed.ok) return subscribed;
    return this.registerDevice({ platform: 'web', subscription: subscribed.subscription });
  }

  async signOut(): Promise<Result<object>> {
    await Promise.all([...this.#streams].map((stream) => stream.close()));
    const { device } = this.#options;
    if (device === undefined) return { ok: true };
    const taken = await this.#call<object>('DELETE', this.#deviceUrl(device));
    // Here, too: a server that could not be reached would go on sending to this browser.
    await unsubscribe(this.#push).catch(() => {});
    return taken;
  }

  get #personUrl(): string {
    return `${this.#base}/users/${encodeURIComponent(this.#options.user)}`;
  }

  #deviceUrl(device: string): string {
    return `${this.#base}/devices/${encodeURIComponent(device)}`;
  }

  #mark(notification: string, word: 'ack' | 'seen' | 'read'): Promise<Result<InboxTotals>> {
    return this.#call('POST', `${this.#personUrl}/notifications/${encodeURIComponent(notification)}/${word}`);
  }

  /** One call to the application for all who wait for it. */
  #askToken(isStale: boolean): Promise<string | undefined> {
    if (isStale) this.#token = undefined;
    this.#token ??= Promise.resolve(this.#options.token(isStale)).catch((error: unknown) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  /** All calls say the same when they are repeated, so that every one may be. */
  async #call<Value extends object>(method: string, url: string, body?: object): Promise<Result<Value>> {
    const first = await this.#send(method, url, body, false);
    const isRefused = !first.ok && first.error.status === 401;
    const reply = isRefused ? await this.#send(method, url, body, true) : first;
    return reply.ok ? { ok: true, ...(reply.body as Value) } : reply;
  }

  async #send(method: string, url: string, body: object | undefined, isStale: boolean): Promise<Reply> {
    let token: string | undefined;
    try {
      token = await this.#askToken(isStale);
    } catch (thrown) {
      return { ok: false, error: { kind: 'unauthorized', message: `no token: ${(thrown as Error).message}` } };
    }
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return sendRequest({ url, init, timeoutMs: this.#options.timeoutMs ?? TIMEOUT_MS }, this.#transport);
  }
}
