/**
 * Another Gorush or Martlet, and whether it can be used.
 *
 * - unasked: its health is being asked for the first time. → up, → down.
 * - up: until it does not answer, or says that it is not well. → down. While it is held (503, 429, a refused key) it gets nothing.
 * - down: asked again every `hub.push.health_interval`. → up.
 */
import type { Dispatcher } from 'undici';
import { type PostAnswer, type PostResult, post } from '../../carrier/http-post.ts';
import { withoutUserInfo } from '../../config/without-user-info.ts';
import { jsonObjectIn } from '../../kit/http/answer-form.ts';

type State =
  | { readonly kind: 'unasked' }
  | { readonly kind: 'up'; readonly isMartlet: boolean }
  | { readonly kind: 'down'; readonly why: string };

export interface PushPeerOptions {
  /** Base address: `https://push.example.com`, with a path if a proxy adds one. */
  readonly url: string;
  /** Empty: none is sent. */
  readonly apiKey: string;
  readonly dispatcher: Dispatcher;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A sync answer takes as long as the provider behind it. */
const PUSH_MS = 30_000;
const HEALTH_MS = 5000;

/** Without those at its end. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

export class PushPeer {
  /** For texts. */
  readonly name: string;
  readonly #options: PushPeerOptions;
  readonly #origin: string;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  #state: State = { kind: 'unasked' };
  #held: { readonly until: number; readonly why: string } | undefined;

  constructor(options: PushPeerOptions) {
    const { origin, pathname } = new URL(options.url);
    const { apiKey } = options;
    this.name = withoutUserInfo(options.url);
    this.#options = options;
    this.#origin = origin;
    this.#path = withoutSlashes(pathname);
    this.#headers = apiKey === '' ? {} : { authorization: `Bearer ${apiKey}`, 'x-api-key': apiKey };
  }

  /** Undefined: it has not said yet. */
  get isMartlet(): boolean | undefined {
    return this.#state.kind === 'up' ? this.#state.isMartlet : undefined;
  }

  /** Why nothing can be sent to it now; undefined: it can. */
  get trouble(): string | undefined {
    if (this.#state.kind === 'unasked') return `${this.name}: not asked yet`;
    if (this.#state.kind === 'down') return `${this.name}: ${this.#state.why}`;
    return this.#held && this.#held.until > this.#options.now() ? `${this.name}: ${this.#held.why}` : undefined;
  }

  /** It does not answer, or not like a Gorush. */
  down(why: string): void {
    // What is cut off because the process ends says nothing about the other.
    if (this.#options.signal.aborted) return;
    if (this.#state.kind !== 'down') this.#options.tell('warn', `hub.push: ${this.name} is not used: ${why}`);
    this.#state = { kind: 'down', why };
  }

  /** It takes nothing for a while. */
  hold(ms: number, why: string): void {
    const until = this.#options.now() + ms;
    if (!this.trouble) this.#options.tell('warn', `hub.push: ${this.name} takes nothing for now: ${why}`);
    this.#held = { until, why };
  }

  push(body: string, headers: Readonly<Record<string, string>>): Promise<PostResult> {
    const json = { 'content-type': 'application/json', ...headers };
    return this.#ask('POST', '/api/push', PUSH_MS, { headers: json, body });
  }

  /** Asks for its health, and what it is. Never rejects. */
  async check(): Promise<void> {
    const health = await this.#ask('GET', '/healthz', HEALTH_MS);
    if ('fault' in health) return this.down(health.fault.message);
    if (health.status !== 200) return this.down(`/healthz answers ${health.status}`);
    if (this.#state.kind === 'up') return;
    const version = await this.#ask('GET', '/version', HEALTH_MS);
    if ('fault' in version) return this.down(version.fault.message);
    this.#up(version);
  }

  /** Whether it takes our key, asked by a request without notifications; undefined: it does. Never rejects. */
  async keyTrouble(): Promise<'key' | 'path' | undefined> {
    const answer = await this.push('{"notifications":[]}', {});
    if ('fault' in answer) return undefined;
    if (answer.status === 401 || answer.status === 403) return 'key';
    return answer.status === 404 || answer.status === 405 ? 'path' : undefined;
  }

  #up(version: PostAnswer): void {
    const isMartlet = typeof jsonObjectIn(version.body)?.martlet === 'string';
    if (this.#state.kind === 'down') this.#options.tell('info', `hub.push: ${this.name} is used again`);
    this.#state = { kind: 'up', isMartlet };
  }

  #ask(
    method: 'GET' | 'POST',
    path: string,
    timeoutMs: number,
    { headers = {}, body }: { headers?: Readonly<Record<string, string>>; body?: string } = {},
  ): Promise<PostResult> {
    const { dispatcher, signal } = this.#options;
    return post(dispatcher, {
      origin: this.#origin,
      path: this.#path + path,
      method,
      headers: { ...this.#headers, ...headers },
      ...(body === undefined ? {} : { body }),
      timeoutMs,
      signal,
    });
  }
}
