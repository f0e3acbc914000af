import { builtOnce } from '../carrier/built-once.ts';
import { Probing } from '../carrier/probing.ts';
import type { TokenSource } from '../carrier/token-source.ts';
import type { Http2Pool, Http2PoolOptions, RequestHeader, RequestTemplate } from '../http2/http2-pool.ts';
import { singleRequest } from '../http2/single-request.ts';
import { background, throwLater } from '../kit/background.ts';
import { internalError } from '../push/internal-error.ts';
import type { Delivery, Outcome, PushTransport, Settle, TransportStatus } from '../push/push.ts';
import { FcmBurst } from './fcm-burst.ts';
import { fcmMessage } from './payload.ts';
import { fcmFault, fcmOutcome } from './reasons.ts';

export interface FcmTransportOptions {
  /** With `quotaProject`, requests count for that project and not for the one of the credential. */
  readonly credential: { readonly projectId: string; readonly quotaProject?: string };
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Makes the connection pool; what it is not told here (CA, proxy, connections, timeout) is its own affair. */
  readonly createPool: (options: Partial<Http2PoolOptions> & Pick<Http2PoolOptions, 'origin'>) => Http2Pool;
  readonly tokenSource: TokenSource;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** FCM v1: one request for each target, all over one pool. Sends at once when there is an access token, else after sign-in. */
export const createFcmTransport = (options: FcmTransportOptions): PushTransport => new FcmTransport(options);

class FcmTransport implements PushTransport {
  readonly #pool: Http2Pool;
  readonly #tokens: TokenSource;
  readonly #url: string;
  readonly #path: string;
  readonly #quota: readonly RequestHeader[];
  readonly #now: () => number;
  readonly #probing: Probing;
  /** Bursts that wait for an access token. */
  readonly #waiting = new Set<FcmBurst>();
  #template: { readonly token: string; readonly request: RequestTemplate } | undefined;
  #closed = false;
  readonly #built = builtOnce(fcmMessage);

  constructor({ credential, origin, createPool, tokenSource, now = Date.now }: FcmTransportOptions) {
    this.#pool = createPool({ origin });
    this.#tokens = tokenSource;
    this.#path = `/v1/projects/${credential.projectId}/messages:send`;
    this.#url = `${origin}${this.#path}`;
    const { quotaProject } = credential;
    this.#quota =
      quotaProject === undefined ? [] : [{ name: 'x-goog-user-project', value: quotaProject, indexing: 'index' }];
    this.#now = now;
    this.#probing = new Probing(PROBE_MS, now);
  }

  send(delivery: Delivery, settle: Settle): void {
    const message = this.#built(delivery);
    if (!message.ok) {
      for (let place = 0; place < delivery.targets.length; place++) settle(place, message.outcome);
      return;
    }
    const burst = new FcmBurst({ delivery, settle, note: this.#note, message, now: this.#now });
    if (burst.count === 0) return;
    if (this.#closed) {
      burst.fail(CLOSED);
      return;
    }
    const token = this.#tokens.cached();
    if (token === undefined) this.#submitLater(burst);
    else this.#submit(burst, token);
  }

  #submitLater(burst: FcmBurst): void {
    background(this.#submitAfterSignIn(burst), (error) => {
      burst.fail(internalError(error));
      throwLater(error);
    });
  }

  async #submitAfterSignIn(burst: FcmBurst): Promise<void> {
    this.#waiting.add(burst);
    const answer = await this.#tokens.get();
    // Those that `close` found here are settled.
    if (!this.#waiting.delete(burst)) return;
    if ('token' in answer) {
      this.#submit(burst, answer.token);
      return;
    }
    const { outcome } = answer;
    this.#probing.postpone();
    burst.fail({
      ...outcome,
      error: `unknown error while making an http call: Post "${this.#url}": ${outcome.error}`,
    });
  }

  #submit(burst: FcmBurst, token: string): void {
    burst.template = this.#templateFor(token);
    burst.token = token;
    this.#pool.submit(burst);
  }

  /** The same object until the token changes, so that the pool can keep its encoded form. */
  #templateFor(token: string): RequestTemplate {
    if (this.#template?.token !== token) {
      const headers = [
        { name: 'content-type', value: 'application/json', indexing: 'index' },
        { name: 'authorization', value: `Bearer ${token}`, indexing: 'index' },
        ...this.#quota,
      ] as const;
      this.#template = { token, request: { headers, path: this.#path } };
    }
    return this.#template.request;
  }

  readonly #note = (outcome: Outcome, token: string | undefined): void => {
    this.#probing.note(outcome);
    this.#renewAfter(outcome, token);
  };

  #renewAfter(outcome: Outcome, token: string | undefined): void {
    if (outcome.kind === 'accepted' || token === undefined) return;
    // A 401 that has not Google's form may still be about the token; a new one costs little.
    const isOdd401 = outcome.reason === 'InvalidAnswer' && outcome.status === 401;
    if (isOdd401 || outcome.category === 'stale_credential') this.#tokens.invalidate(token);
  }

  status(): TransportStatus {
    const connections = this.#pool.stats();
    const { sessions, inFlight, waiting, capacity, lastError } = connections;
    const signIn = this.#tokens.lastFailure();
    const failing = signIn?.category === 'credential' ? signIn.error : sessions === 0 ? lastError : undefined;
    const { lastFailure, lastSuccessAt } = this.#probing;
    const warning = failing ?? signIn?.error ?? lastFailure?.error;
    if (failing !== undefined) background(this.#probe());
    let withoutToken = 0;
    for (const burst of this.#waiting) withoutToken += burst.count;
    return {
      status: failing !== undefined ? 'fail' : warning !== undefined ? 'warn' : 'pass',
      ...(warning === undefined ? {} : { output: firstLine(warning) }),
      sessions,
      inFlight: inFlight + waiting + withoutToken,
      capacity,
      connections,
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    };
  }

  /** Unready, the relay may get no push that would find out that all is well again: signs in, and asks FCM to send nothing. */
  async #probe(): Promise<void> {
    if (this.#closed || !this.#probing.takeDue()) return;
    const answer = await this.#tokens.get();
    if (!('token' in answer)) return;
    const { token } = answer;
    const probed = (outcome: Outcome): void => {
      this.#probing.probed(outcome);
      this.#renewAfter(outcome, token);
    };
    this.#pool.submit(
      singleRequest({
        template: { ...this.#templateFor(token), path: this.#path, body: PROBE_BODY },
        onResponse: (status, headers, body) => probed(fcmOutcome(status, headers, body, PROBED, this.#now)),
        onFault: (fault) => probed(fcmFault(fault)),
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const burst of this.#waiting) burst.fail(CLOSED);
    this.#waiting.clear();
    await this.#pool.close();
  }
}

/** Milliseconds between two probes. */
const PROBE_MS = 10_000;
/** https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send: `validate_only` sends nothing. */
const PROBE_BODY: Uint8Array = Buffer.from('{"validate_only":true,"message":{"topic":"martlet-probe"}}');
const PROBED = { kind: 'topic', liveActivity: false } as const;

const CLOSED = fcmFault({ code: 'POOL_CLOSED', processed: 'no', message: 'the relay is shutting down' });
/** An error may go on with a provider's whole answer. */
const firstLine = (text: string): string => (text.split('\n', 1)[0] as string).slice(0, 300);
