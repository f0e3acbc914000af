import { createServer, request, type Server } from 'node:http';
import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { FeedbackHook } from '../../feedback/hook.ts';
import { ConfigError } from '../../kit/errors.ts';
import { httpStatus } from '../../kit/http/http-status.ts';
import { toMs } from '../../kit/seconds.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { createHttpApp, type HttpAppOptions } from '../http-app.ts';
import { openRelay } from '../open-relay.ts';
import {
  type GatewayEvent,
  type GatewayResult,
  type InvocationContext,
  type PlainRequest,
  requestOf,
  resultOf,
} from './gateway-event.ts';

export interface ServerlessHandler {
  (event: GatewayEvent, context?: InvocationContext): Promise<GatewayResult>;
  /** For tests: functions are not closed, they are forgotten. */
  close(): Promise<void>;
}

/** What is left of an invocation's time for answering, telling the hook and writing counters. */
const RESERVE_SECONDS = 1;
const HOOK_MS = toMs(5);
const HOOK_LOOK_MS = 10;

/**
 * Between two invocations the process stands still, and it may be gone any time: so every request is answered when its pushes
 * have their outcome, and nothing is kept on a disk that is gone as well.
 */
const serverlessConfig = (config: FullConfig, secondsLeft: number): FullConfig => ({
  ...config,
  core: {
    ...config.core,
    // Callers of the function are not on this machine, whatever the port of the server would be bound to.
    address: '',
    sync: true,
    sync_timeout: Math.max(RESERVE_SECONDS, Math.min(config.core.sync_timeout, secondsLeft - RESERVE_SECONDS)),
  },
  queue: { ...config.queue, engine: 'local', local: { ...config.queue.local, path: '' } },
  history: { ...config.history, enabled: false },
  receipts: { ...config.receipts, path: '' },
});

/** One request over a pair of streams in this process: the HTTP server as it is, without a port. */
function exchange(server: Server, { method, path, headers, body }: PlainRequest): Promise<GatewayResult> {
  const [near, far] = duplexPair();
  server.emit('connection', far);
  return new Promise((resolve, reject) => {
    const sent = request({ method, path, headers, createConnection: () => near });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const answer = text(response).then((whole) => resultOf(response.statusCode as number, response.headers, whole));
      answer.then(resolve).catch(reject);
    });
    sent.end(body);
  });
}

async function told(hook: FeedbackHook, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (hook.stats().backlog > 0 && performance.now() < until) await setTimeout(HOOK_LOOK_MS);
}

/** The hub's work is mostly between two requests: waits, quiet hours, digests, late verdicts, what dead instances left. */
function refuseHub({ hub }: FullConfig): void {
  if (hub.enabled)
    throw new ConfigError(
      'hub.enabled',
      'cannot be on in a function: it stands still between two calls, and what the hub holds (waits, quiet hours, digests, late verdicts) would never leave. Run the hub as a server, and call that one',
    );
}

/** The HTTP API as a function that AWS Lambda calls. @throws ConfigError as the server does at its start. */
export async function createServerlessHandler(
  { config: given, ...others }: HttpAppOptions,
  secondsLeft = Number.POSITIVE_INFINITY,
): Promise<ServerlessHandler> {
  refuseHub(given);
  const options = { ...others, console: false, config: serverlessConfig(given, secondsLeft) };
  await using opening = new AsyncDisposableStack();
  const relay = await openRelay(options, opening);
  const app = createHttpApp(relay, options, () => false);
  opening.defer(() => app.close());
  const closers = opening.move();
  const server = createServer(app.listener);
  const handle = async (event: GatewayEvent): Promise<GatewayResult> => {
    const asked = requestOf(event);
    if (!asked) return resultOf(httpStatus.invalid, {}, 'This event is no HTTP request.');
    const answer = await exchange(server, asked);
    // After the answer nothing runs any more.
    await told(relay.hook, HOOK_MS);
    if (relay.stats.shared) await relay.stats.read();
    options.log.flush();
    return answer;
  };
  return Object.assign(handle, { close: () => closers.disposeAsync() });
}
