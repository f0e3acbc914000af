/**
 * One person's stream, kept open: connecting → open → waiting → connecting …, until it is closed or refused for good. It goes on after
 * the last event that it has delivered, whatever became of the connection, so none is missing; none comes twice.
 */
import { type Failure, failureOf } from '../failure.ts';
import { textOfFailure } from '../text-of-failure.ts';
import { SseParser } from './sse-parser.ts';

/** An event of the stream. */
export interface PersonEvent {
  readonly id: string;
  readonly type: string;
  readonly user_id: string;
  readonly payload: unknown;
  /** ISO instant. */
  readonly timestamp: string;
}

/** Events are missing that are kept no longer: what there is comes next, from the oldest. Load again what you show. */
export interface StreamGap {
  readonly reason: 'malformed' | 'unknown_epoch' | 'foreign' | 'future' | 'trimmed';
  readonly oldest: string | null;
  readonly latest: string | null;
}

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It was lost, or is not there yet; another try follows. */
  | { readonly kind: 'waiting'; readonly ms: number; readonly error: Failure }
  /** No further try: the token is refused, or there is no such stream. */
  | { readonly kind: 'refused'; readonly error: Failure }
  | { readonly kind: 'closed' };

export interface StreamListeners {
  onEvent(event: PersonEvent): void;
  onGap?(gap: StreamGap): void;
  onState?(state: StreamState): void;
}

export interface LiveStreamOptions extends StreamListeners {
  readonly url: string;
  /** @param isStale the last one was refused, or is about to end: fetch another */
  readonly token: (isStale: boolean) => Promise<string | undefined>;
  /** Where it begins: an id, `earliest`, or empty for what comes from now on. */
  readonly after: string;
  readonly fetch: typeof fetch;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  /** UNIX milliseconds. */
  readonly now: () => number;
  /** Without a byte for so long it is taken for lost; default 45,000, three signs of life. */
  readonly silenceMs?: number | undefined;
}

const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** Tries with fresh tokens before it is refused for good. */
const REFUSALS = 3;

/** How a connection ended. */
type End =
  | { readonly kind: 'lost'; readonly error: Failure; readonly pauseMs?: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'refused'; readonly error: Failure };

export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #last: string;
  /** After a gap ids may be smaller than before. */
  #mayFall = true;
  #firstPauseMs = FIRST_PAUSE_MS;
  #failures = 0;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#last = options.after;
    this.#running = this.#run();
  }

  /** The id after which it goes on; empty: nothing is known yet. */
  get position(): string {
    return this.#last;
  }

  /** Ends it; nothing is delivered after that. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let isStale = false;
    let refusals = 0;
    while (!this.#closing.signal.aborted) {
      this.#say({ kind: 'connecting' });
      const end = await this.#connect(isStale, () => {
        refusals = 0;
      });
      if (this.#closing.signal.aborted) break;
      isStale = end.kind !== 'lost';
      if (end.kind === 'refused' && ++refusals >= REFUSALS) return this.#say(end);
      if (end.kind !== 'stale') await this.#wait(end);
    }
    this.#say({ kind: 'closed' });
  }

  async #wait(end: Exclude<End, { kind: 'stale' }>): Promise<void> {
    const most = Math.min(LONGEST_PAUSE_MS, this.#firstPauseMs * 2 ** this.#failures++);
    const least = end.error.retryAfterMs ?? 0;
    const ms = end.kind === 'lost' && end.pauseMs !== undefined ? end.pauseMs : least + this.#options.random() * most;
    this.#say({ kind: 'waiting', ms, error: end.error });
    await this.#options.sleep(ms, this.#closing.signal).catch(() => {});
  }

  async #connect(isStale: boolean, isIn: () => void): Promise<End> {
    const connection = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, connection.signal]);
    const watch = this.#watch(connection);
    try {
      const token = await this.#options.token(isStale);
      const response = await this.#options.fetch(this.#options.url, { headers: this.#headers(token), signal });
      watch.heard();
      if (!response.ok || !response.body) return await this.#refusal(response);
      isIn();
      this.#last ||= response.headers.get('martlet-last-event-id') ?? '';
      this.#say({ kind: 'open' });
      return await this.#read(response.body, watch.heard);
    } catch (thrown) {
      return {
        kind: 'lost',
        error: { kind: 'network', message: watch.isSilent() ? 'nothing came for too long' : textOfFailure(thrown) },
      };
    } finally {
      watch.end();
      connection.abort();
    }
  }

  #headers(token: string | undefined): Record<string, string> {
    return {
      accept: 'text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(this.#last === '' ? {} : { 'last-event-id': this.#last }),
    };
  }

  async #refusal(response: Response): Promise<End> {
    const body = await response.json().catch(() => undefined);
    const error = failureOf(response, body, this.#options.now());
    return { kind: error.kind === 'unauthorized' || error.kind === 'not_found' ? 'refused' : 'lost', error };
  }

  async #read(body: ReadableStream<Uint8Array>, heard: () => void): Promise<End> {
    const parser = new SseParser((ms) => {
      this.#firstPauseMs = ms;
    });
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { kind: 'lost', error: { kind: 'network', message: 'the stream ended' } };
      heard();
      for (const { event, data, id } of parser.push(decoder.decode(value, { stream: true }))) {
        const end = this.#message(event, JSON.parse(data), id);
        if (end) return end;
      }
    }
  }

  #message(event: string, data: unknown, id: string): End | undefined {
    if (this.#closing.signal.aborted) return { kind: 'stale' };
    if (event === 'reauth') return { kind: 'stale' };
    if (event === 'bye') {
      const { retry_ms: pauseMs } = data as { retry_ms: number };
      return { kind: 'lost', error: { kind: 'refused', message: 'the server is about to end' }, pauseMs };
    }
    if (event === 'reset') {
      this.#mayFall = true;
      this.#options.onGap?.(data as StreamGap);
      return undefined;
    }
    if (id !== this.#last && (this.#mayFall || id > this.#last)) this.#deliver(data as PersonEvent, id);
    return undefined;
  }

  #deliver(event: PersonEvent, id: string): void {
    this.#failures = 0;
    this.#mayFall = false;
    this.#last = id;
    this.#options.onEvent(event);
  }

  #watch(connection: AbortController): { heard: () => void; end: () => void; isSilent: () => boolean } {
    const { silenceMs = SILENCE_MS } = this.#options;
    let isSilent = false;
    const over = (): void => {
      isSilent = true;
      connection.abort();
    };
    let timer = setTimeout(over, silenceMs);
    const end = (): void => clearTimeout(timer);
    const heard = (): void => {
      end();
      timer = setTimeout(over, silenceMs);
    };
    return { heard, end, isSilent: () => isSilent };
  }

  #say(state: StreamState): void {
    this.#options.onState?.(state);
  }
}
