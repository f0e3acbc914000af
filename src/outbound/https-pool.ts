import type { buildConnector } from 'undici';
import { type AlpnOffer, createConnector } from '../http2/connect.ts';
import type { Http2Pool, Http2PoolOptions } from '../http2/http2-pool.ts';
import { background } from '../kit/background.ts';
import { toMs } from '../kit/seconds.ts';
import { AlpnPool } from './alpn-pool.ts';

/** As the HTTP/2 pool, from the lookup to the end of the handshake. */
const CONNECT_MS = 10_000;

/** A connector of undici's on ours: each connection offers these protocols. */
function connectorOf(options: Http2PoolOptions, offer: AlpnOffer): buildConnector.connector {
  const connect = createConnector(options, {}, offer);
  const dial = async (done: buildConnector.Callback): Promise<void> => {
    const socket = await connect(AbortSignal.timeout(CONNECT_MS));
    done(null, socket);
  };
  return (_own, done) => background(dial(done), (error) => done(error, null));
}

/**
 * A pool to a provider that is plain HTTPS (FCM), which a gateway in between may have made HTTP/1.1: HTTP/2 wherever the peer speaks
 * it, with or without ALPN.
 */
export function httpsPool(
  options: Http2PoolOptions,
  { connections, request_timeout }: { readonly connections: number; readonly request_timeout: number },
  createPool: (options: Http2PoolOptions) => Http2Pool,
): Http2Pool {
  const { origin, numberSession } = options;
  return new AlpnPool({
    origin,
    connect: { both: connectorOf(options, ['h2', 'http/1.1']), http1: connectorOf(options, ['http/1.1']) },
    createPool,
    connections,
    requestTimeoutMs: toMs(request_timeout),
    guessHttp2: true,
    ...(numberSession ? { numberSession } : {}),
  });
}
