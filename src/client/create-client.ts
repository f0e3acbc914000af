import type { Explanation, ListedPush } from '../observe/history/history.ts';
import type { Notification } from '../push/push.ts';
import type { PushEntry } from '../push/push-entry.ts';
import type { FieldWarning } from '../push/wire/misspelled.ts';
import type { Result } from './failure.ts';
import { type Reply, sendRequest, type Transport } from './send-request.ts';
import { baseOf, type QueryFields, queryOf, TIMEOUT_MS, transportOf } from './transport.ts';

export type { Explanation, ListedPush } from '../observe/history/history.ts';
export type { PushEntry } from '../push/push-entry.ts';
export type { FieldWarning } from '../push/wire/misspelled.ts';
export type { Failure, FailureKind, Result } from './failure.ts';

type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** A message for one platform (1 iOS, 2 Android, 3 Huawei), with the names of `POST /api/push`. */
export type ClientNotification = Frozen<Partial<Omit<Notification, 'platform'>>> & { readonly platform: 1 | 2 | 3 };

export interface ClientOptions extends Partial<Transport> {
  /** Where the relay is: `https://push.example.com`, with a path where a proxy puts it below one. */
  readonly url: string;
  /** An API key, sent as `Authorization: Bearer`. */
  readonly key?: string | undefined;
  /** `api.push_uri` of the relay; default: `/api/push`. */
  readonly pushPath?: string | undefined;
}

export interface CallOptions {
  /** Calls it off. What the relay has taken already is sent all the same. */
  readonly signal?: AbortSignal | undefined;
  /** Of all tries together; default 60,000. */
  readonly timeoutMs?: number | undefined;
}

export interface PushOptions extends CallOptions {
  /** Names this request, so that the relay sends it once however often it comes; default: a random one for each call. */
  readonly idempotencyKey?: string | undefined;
}

/** The relay has the whole request. */
export interface Pushed {
  readonly requestId: string;
  /** Device tokens, and one for a topic. */
  readonly counts: number;
  /** With `core.sync: true`: a failed entry for each push that failed. */
  readonly logs: readonly PushEntry[];
  /** What of the request has no effect, such as a misspelled field or a notification without targets; empty: nothing. */
  readonly warnings: readonly FieldWarning[];
  /** Of the trace that it belongs to, where the relay traces. */
  readonly traceId?: string;
}

export interface ExplainOptions extends CallOptions {
  /** Only what is about this device token. */
  readonly token?: string | undefined;
}

export interface PushesOptions extends CallOptions {
  /** Absent: delivered and failed. */
  readonly status?: 'failed' | 'delivered' | 'retried' | undefined;
  readonly app?: string | undefined;
  /** The provider's word. */
  readonly reason?: string | undefined;
  /** Only later ones. */
  readonly since?: Date | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 500; default 50. */
  readonly limit?: number | undefined;
}

export interface PushPage {
  readonly pushes: readonly ListedPush[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface Client {
  /** Sends one notification, or up to `core.max_notification` of them: all are taken, or none. */
  push(
    notifications: ClientNotification | readonly ClientNotification[],
    options?: PushOptions,
  ): Promise<Result<Pushed>>;
  /** What became of a push, by its `requestId` or its `notif_id`; `not_found` when the relay knows nothing of it (any more). */
  explain(id: string, options?: ExplainOptions): Promise<Result<Explanation>>;
  /** What became of pushes, newest first, a page at a time. */
  pushes(options?: PushesOptions): Promise<Result<PushPage>>;
}

const KEY_BYTES = 16;

/** `crypto.randomUUID` is not there in a page that came over plain HTTP; this is. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, '0')).join('');

interface PushBody {
  readonly counts: number;
  readonly logs: readonly PushEntry[] | null;
  readonly warnings?: readonly FieldWarning[];
  readonly request_id: string;
  readonly trace_id?: string;
}

/**
 * A client for the relay's HTTP API, for Node 20 and later and for browsers. Nothing is thrown for what the relay or the network
 * does: a result says `ok: false` and why.
 *
 * Tries again, at most `retries` times (3), where that is safe: each push has an idempotency key, which the relay remembers in
 * the memory of one process (`queue.dedupe_window`). After a restart of the relay, or where a balancer sends the repeated
 * request to another instance, a push whose answer was lost may arrive twice.
 */
export function createClient(options: ClientOptions): Client {
  const { url, key, pushPath = '/api/push', ...given } = options;
  const base = baseOf(url);
  const transport = transportOf(given);
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };

  const get = (path: string, query: QueryFields, { signal, timeoutMs = TIMEOUT_MS }: CallOptions): Promise<Reply> =>
    sendRequest({ url: base + path + queryOf(query), init: { headers: authorization }, signal, timeoutMs }, transport);

  return {
    async explain(id, { token, ...how } = {}) {
      const reply = await get(`/v1/pushes/${encodeURIComponent(id)}`, { token }, how);
      return reply.ok ? { ok: true, ...(reply.body as Explanation) } : reply;
    },
    async pushes({ since, signal, timeoutMs, ...query } = {}) {
      const reply = await get(
        '/v1/pushes',
        { ...query, since: since?.toISOString() },
        {
          signal,
          timeoutMs,
        },
      );
      if (!reply.ok) return reply;
      const { pushes, next_cursor: nextCursor } = reply.body as { pushes: ListedPush[]; next_cursor?: string };
      return { ok: true, pushes, ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    async push(notifications, { idempotencyKey = randomKey(), signal, timeoutMs = TIMEOUT_MS } = {}) {
      const reply = await sendRequest(
        {
          url: base + pushPath,
          init: {
            method: 'POST',
            headers: { ...authorization, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
            body: JSON.stringify({ notifications: [notifications].flat() }),
          },
          signal,
          timeoutMs,
        },
        transport,
      );
      if (!reply.ok) return reply;
      const { counts, logs, warnings = [], request_id, trace_id: traceId } = reply.body as PushBody;
      const traced = traceId === undefined ? {} : { traceId };
      return { ok: true, requestId: request_id, counts, logs: logs ?? [], warnings, ...traced };
    },
  };
}
