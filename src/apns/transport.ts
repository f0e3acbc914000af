import { builtOnce } from '../carrier/built-once.ts';
import { Probing } from '../carrier/probing.ts';
import type { TokenSource } from '../carrier/token-source.ts';
import type { Http2Pool, Http2PoolOptions, RequestHeader, RequestTemplate } from '../http2/http2-pool.ts';
import { singleRequest } from '../http2/single-request.ts';
import { background, throwLater } from '../kit/background.ts';
import { internalError } from '../push/internal-error.ts';
import type { Delivery, Outcome, PushTransport, Settle, TransportStatus } from '../push/push.ts';
import { AcceptedPushes } from './accepted-pushes.ts';
import { ApnsBurst, SinglePush } from './apns-burst.ts';
import { createApnsIds } from './apns-id.ts';
import type { ApnsCredential } from './credentials.ts';
import { HeaderCache } from './header-cache.ts';
import { DEVICE_PREFIX } from './path-segment.ts';
import { apnsPayload, apnsRefusal } from './payload.ts';
import { PROBE_BODY, PROBE_PATH, probeNotification } from './probe.ts';
import { apnsFault, apnsOutcome, isApnsRefusal } from './reasons.ts';
import { createApnsTokenSource } from './token.ts';

export interface ApnsTransportOptions {
  readonly credential: ApnsCredential;
  /** `https://host[:port]` of one environment. Which one is decided by the caller, once: a pool never changes its host. */
  readonly origin: string;
  /** Makes the connection pool; what it is not told here (CA, proxy, connections, timeout) is its own affair. */
  readonly createPool: (options: Partial<Http2PoolOptions> & Pick<Http2PoolOptions, 'origin'>) => Http2Pool;
  /** Shared by the transports of one key; default one of its own. Not used with a certificate. */
  readonly tokenSource?: TokenSource;
  /** Gives pushes an apns-id of ours when the request has none; costs a header block for each token. Default false. */
  readonly generateApnsId?: boolean;
  /** Fails a payload that is over APNs' limit without asking APNs. Default false: as Gorush, which lets APNs say so. */
  readonly refuseOversized?: boolean;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** APNs of one environment: one request for each token, all over one pool. Sends at once when there is a provider token. */
export const createApnsTransport = (options: ApnsTransportOptions): PushTransport => new ApnsTransport(options);

class ApnsTransport implements PushTransport {
  readonly #pool: Http2Pool;
  readonly #tokens: TokenSource | undefined;
  readonly #notAfter: number | undefined;
  readonly #ids = createApnsIds();
  readonly #headers = new HeaderCache();
  readonly #accepted = new AcceptedPushes();
  readonly #generateApnsId: boolean;
  readonly #refuseOversized: boolean;
  readonly #now: () => number;
  readonly #probing: Probing;
  /** Bursts that wait for a provider token. */
  readonly #waiting = new Set<ApnsBurst>();
  #closed = false;
  /** Of the last push. */
  #topic: string | undefined;
  readonly #built = builtOnce((notification) => {
    const body = Buffer.from(apnsPayload(notification));
    return { body, refusal: apnsRefusal(notification, body, this.#refuseOversized) };
  });

  constructor(options: ApnsTransportOptions) {
    const {
      credential,
      origin,
      createPool,
      tokenSource,
      generateApnsId = false,
      refuseOversized = false,
      now = Date.now,
    } = options;
    this.#now = now;
    this.#probing = new Probing(PROBE_MS, now);
    this.#generateApnsId = generateApnsId;
    this.#refuseOversized = refuseOversized;
    if (credential.kind === 'token') {
      this.#tokens = tokenSource ?? createApnsTokenSource({ ...credential, now });
      this.#pool = createPool({ origin, isRefusal: isApnsRefusal });
    } else {
      this.#notAfter = credential.notAfter;
      this.#pool = createPool({
        origin,
        cert: credential.cert,
        key: credential.key,
        isRefusal: isApnsRefusal,
      });
    }
  }

  send(delivery: Delivery, settle: Settle): void {
    const { targets } = delivery;
    const { body, refusal } = this.#built(delivery);
    if (refusal) {
      for (let place = 0; place < targets.length; place++) settle(place, refusal);
      return;
    }
    const burst = new ApnsBurst({ delivery, settle, note: this.#note, now: this.#now, accepted: this.#accepted });
    if (burst.count === 0) return;
    if (this.#closed) {
      burst.fail(CLOSED);
      return;
    }
    const token = this.#tokens?.cached();
    if (this.#tokens && token === undefined) this.#submitLater(burst, body, this.#tokens);
    else this.#submit(burst, body, token);
  }

  #submitLater(burst: ApnsBurst, body: Buffer, tokens: TokenSource): void {
    background(this.#submitSigned(burst, body, tokens), (error) => {
      burst.fail(internalError(error));
      throwLater(error);
    });
  }

  async #submitSigned(burst: ApnsBurst, body: Buffer, tokens: TokenSource): Promise<void> {
    this.#waiting.add(burst);
    const answer = await tokens.get();
    // Those that `close` found here are settled.
    if (!this.#waiting.delete(burst)) return;
    if ('token' in answer) {
      this.#submit(burst, body, answer.token);
      return;
    }
    this.#probing.note(answer.outcome);
    burst.fail(answer.outcome);
  }

  #submit(burst: ApnsBurst, body: Buffer, token: string | undefined): void {
    this.#topic = burst.delivery.notification.topic;
    const headers = this.#headers.of(burst.delivery.notification, token);
    burst.token = token;
    burst.template = { headers, body, pathPrefix: DEVICE_PREFIX, plainPaths: true };
    if (!this.#generateApnsId || headers.some(({ name }) => name === 'apns-id')) this.#pool.submit(burst);
    else this.#submitEach(burst);
  }

  /** With ids of our own no two requests have the same headers. */
  #submitEach(burst: ApnsBurst): void {
    const { headers, body } = burst.template as Required<RequestTemplate>;
    for (let index = 0; index < burst.count; index++) {
      const value = this.#ids(burst.delivery.notification, burst.target(index));
      const id: RequestHeader = { name: 'apns-id', value, indexing: 'plain' };
      this.#pool.submit(new SinglePush(burst, index, { headers: [...headers, id], body, pathPrefix: DEVICE_PREFIX }));
    }
  }

  readonly #note = (outcome: Outcome, token: string | undefined): void => {
    this.#probing.note(outcome);
    if (outcome.kind === 'failed' && outcome.category === 'stale_credential' && token !== undefined)
      this.#tokens?.invalidate(token);
  };

  status(): TransportStatus {
    const connections = this.#pool.stats();
    const { sessions, inFlight, waiting, capacity } = connections;
    const { lastSuccessAt } = this.#probing;
    let unsigned = 0;
    for (const burst of this.#waiting) unsigned += burst.count;
    return {
      ...this.#health(),
      sessions,
      inFlight: inFlight + waiting + unsigned,
      capacity,
      connections,
      ...(this.#notAfter === undefined ? {} : { credentialExpiresAt: this.#notAfter }),
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    };
  }

  #health(): Pick<TransportStatus, 'status' | 'output'> {
    const { sessions, lastError } = this.#pool.stats();
    const left = this.#notAfter === undefined ? Number.POSITIVE_INFINITY : this.#notAfter - this.#now();
    if (left <= 0) return { status: 'fail', output: `the certificate expired on ${isoDay(this.#notAfter)}` };
    const failure = this.#probing.lastFailure;
    const refused = failure?.category === 'credential' ? failure.error : undefined;
    const broken = refused ?? (sessions === 0 ? lastError : undefined);
    if (broken !== undefined) {
      background(this.#probe());
      return { status: 'fail', output: broken };
    }
    if (failure) return { status: 'warn', output: failure.error };
    if (left < RENEW_CERTIFICATE) {
      return { status: 'warn', output: `the certificate expires on ${isoDay(this.#notAfter)}` };
    }
    return { status: 'pass' };
  }

  /** Unready, the relay may get no push that would find out that all is well again. */
  async #probe(): Promise<void> {
    if (this.#closed || !this.#probing.takeDue()) return;
    const answer = await this.#tokens?.get();
    if (answer && 'outcome' in answer) return;
    const token = answer?.token;
    const probed = (outcome: Outcome): void => {
      this.#probing.probed(outcome);
      if (token !== undefined && outcome.kind === 'failed' && outcome.category === 'stale_credential')
        this.#tokens?.invalidate(token);
    };
    this.#pool.submit(
      singleRequest({
        template: {
          headers: this.#headers.of(probeNotification(this.#topic), token),
          path: PROBE_PATH,
          body: PROBE_BODY,
        },
        onResponse: (status, headers, body) => probed(apnsOutcome(status, headers, body, this.#now)),
        onFault: (fault) => probed(apnsFault(fault)),
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
/** Two weeks: time enough to ask Apple for another. */
const RENEW_CERTIFICATE = 14 * 24 * 3_600_000;
const isoDay = (ms = 0): string => new Date(ms).toISOString().slice(0, 10);

const CLOSED = apnsFault({ code: 'POOL_CLOSED', processed: 'no', message: 'the relay is shutting down' });
