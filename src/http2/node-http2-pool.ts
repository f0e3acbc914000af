import http2 from 'node:http2';
import type { Burst, Http2Pool, Http2PoolOptions, PoolStats, StreamFault } from './http2-pool.ts';

type Work = { burst: Burst; next: number };

const fault = (code: string, processed: 'no' | 'maybe', message: string): StreamFault => ({ code, processed, message });

/** The pool contract over `node:http2`, one session at a time: what the relay's own client is measured against. */
export function createNodePool(options: Http2PoolOptions): Http2Pool {
  const timeout = options.requestTimeoutMs ?? 15_000;
  const waiting: Work[] = [];
  let session: http2.ClientHttp2Session | undefined;
  let ready = false;
  let limit = 0;
  let inFlight = 0;
  let closed = false;
  let lastError: string | undefined;
  const counters = { goaways: 0, pings: 0, connects: 0, connectFailures: 0 };

  function failWaiting(why: StreamFault): void {
    for (const work of waiting.splice(0)) {
      for (let i = work.next; i < work.burst.count; i++) work.burst.onFault(i, why);
    }
  }

  function connect(): void {
    const opened = http2.connect(options.origin, {
      ca: options.ca ? [...options.ca] : undefined,
      cert: options.cert,
      key: options.key,
    } as http2.SecureClientSessionOptions);
    session = opened;
    const lose = (why: string): void => {
      if (session !== opened) return;
      session = undefined;
      if (!ready) {
        counters.connectFailures++;
        lastError = why;
        failWaiting(fault('CONNECT_FAILED', 'no', `no connection to ${options.origin}: ${why}`));
      }
      ready = false;
      if (waiting.length > 0 && !closed) connect();
    };
    opened.on('error', (error) => lose(error.message));
    opened.on('close', () => lose('closed'));
    opened.on('goaway', () => {
      counters.goaways++;
      lose('GOAWAY');
    });
    opened.on('remoteSettings', (settings) => {
      limit = Math.min(settings.maxConcurrentStreams ?? 100, 1000);
      ready = true;
      lastError = undefined;
      counters.connects++;
      pump();
    });
  }

  function open(work: Work, index: number): void {
    const { burst } = work;
    const headers: http2.OutgoingHttpHeaders = {
      ':method': 'POST',
      ':path': burst.template.path ?? (burst.template.pathPrefix ?? '') + burst.path(index),
    };
    for (const header of burst.template.headers) headers[header.name] = header.value;
    const stream = (session as http2.ClientHttp2Session).request(headers);
    let status = 0;
    let answer: Record<string, string> = {};
    const chunks: Buffer[] = [];
    let done = false;
    inFlight++;
    const finish = (why?: StreamFault): void => {
      if (done) return;
      done = true;
      inFlight--;
      if (why) burst.onFault(index, why);
      else burst.onResponse(index, status, answer, Buffer.concat(chunks));
      pump();
    };
    stream.setTimeout(timeout, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    stream.on('response', (received) => {
      status = Number(received[':status']);
      answer = Object.fromEntries(Object.entries(received).map(([k, v]) => [k, String(v)]));
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (status) finish();
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      const refused = stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM;
      finish(fault(`RST_${stream.rstCode}`, refused ? 'no' : 'maybe', 'the stream ended without an answer'));
    });
    stream.end(burst.template.body ?? burst.body(index));
  }

  function pump(): void {
    if (!session && waiting.length > 0 && !closed) connect();
    while (ready && session && !session.closed && inFlight < limit) {
      const work = waiting[0];
      if (!work) return;
      const index = work.next++;
      if (work.next >= work.burst.count) waiting.shift();
      open(work, index);
    }
  }

  return {
    submit(burst) {
      const work = { burst, next: 0 };
      waiting.push(work);
      if (closed) failWaiting(fault('POOL_CLOSED', 'no', 'the connection pool is closed'));
      else pump();
    },
    stats(): PoolStats {
      const queued = waiting.reduce((sum, work) => sum + work.burst.count - work.next, 0);
      return {
        ...counters,
        sessions: ready ? 1 : 0,
        inFlight,
        waiting: queued,
        capacity: limit || 100,
        ...(lastError ? { lastError } : {}),
      };
    },
    async close() {
      closed = true;
      failWaiting(fault('POOL_CLOSED', 'no', 'the connection pool is closed'));
      session?.destroy();
    },
  };
}
