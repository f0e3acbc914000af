import type { SimulatedProvider } from '../carrier/provider-row.ts';
import { jsonObjectIn } from '../kit/http/answer-form.ts';
import type { JsonObject } from '../push/push.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import { openSecureServer } from '../sandbox/secure-server.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import type { Verdict } from '../sandbox/steering.ts';

const TOKEN = 'xoxb-sandbox-0123456789';
const WEBHOOK = /^\/services\/([A-Za-z0-9]+\/[A-Za-z0-9]+\/[A-Za-z0-9-]+)$/;

type Refusal = Exclude<Verdict, 'accept'>;

/** `error` of the Web API, which comes with 200 but for the rate limit. */
const API: Readonly<Record<Refusal, readonly [status: number, error: string]>> = {
  unregistered: [200, 'channel_not_found'],
  expired: [200, 'is_archived'],
  'bad-token': [200, 'channel_not_found'],
  'wrong-topic': [200, 'not_in_channel'],
  busy: [429, 'ratelimited'],
  down: [503, 'service_unavailable'],
  'stale-credential': [200, 'internal_error'],
  'bad-credential': [200, 'invalid_auth'],
};
/** Plain text of a webhook. */
const TEXTS: Readonly<Record<Refusal, readonly [status: number, text: string]>> = {
  unregistered: [404, 'no_service'],
  expired: [410, 'channel_is_archived'],
  'bad-token': [403, 'invalid_token'],
  'wrong-topic': [403, 'action_prohibited'],
  busy: [429, 'rate_limited'],
  down: [500, 'rollup_error'],
  'stale-credential': [500, 'rollup_error'],
  'bad-credential': [403, 'invalid_token'],
};

const parsed = (body: Buffer): JsonObject | undefined => jsonObjectIn(body) as JsonObject | undefined;

/** What Slack would refuse in a message; undefined: it takes it. */
function messageFault({ text, blocks }: JsonObject): string | undefined {
  if (typeof text !== 'string' || text === '') return 'no_text';
  if (text.length > 40_000) return 'msg_too_long';
  return blocks === undefined || (Array.isArray(blocks) && blocks.length <= 50) ? undefined : 'invalid_blocks';
}

/** Slack's Web API and its webhooks on one simulated host. Speaks HTTP/1.1. */
export async function simulateSlack(simulation: Simulation): Promise<SimulatedProvider> {
  const { leaf, checks, steering, deliveries, now } = simulation;
  let messages = 0;

  const retryAfter = (status: number) => (status === 429 ? { 'retry-after': 1 } : {});
  const json = (exchange: Exchange, status: number, body: object) =>
    exchange.respond(status, { 'content-type': 'application/json', ...retryAfter(status) }, JSON.stringify(body));
  const text = (exchange: Exchange, status: number, body: string) =>
    exchange.respond(status, { 'content-type': 'text/plain', ...retryAfter(status) }, body);

  const record = ({ headers, body: payload }: Exchange, target: string): string => {
    const id = `${Math.floor(now() / 1000)}.${String(++messages).padStart(6, '0')}`;
    deliveries.record({
      at: now(),
      platform: 'slack',
      environment: 'production',
      kind: 'token',
      target,
      id,
      headers,
      payload,
    });
    return id;
  };

  const api = (exchange: Exchange) => {
    const fail = (status: number, error: string) => json(exchange, status, { ok: false, error });
    if (checks.credentials && exchange.headers.authorization !== `Bearer ${TOKEN}`) return fail(200, 'invalid_auth');
    const message = parsed(exchange.body);
    if (typeof message?.channel !== 'string') return fail(200, 'channel_not_found');
    const fault = checks.message ? messageFault(message) : undefined;
    if (fault) return fail(200, fault);
    const { channel } = message;
    steering.apply(exchange, channel, (verdict) => {
      if (verdict === 'accept') json(exchange, 200, { ok: true, channel, ts: record(exchange, channel) });
      else fail(...API[verdict]);
    });
  };

  const webhook = (exchange: Exchange, path: string) => {
    const message = parsed(exchange.body);
    const fault = message === undefined ? 'invalid_payload' : checks.message ? messageFault(message) : undefined;
    if (fault) return text(exchange, 400, fault);
    steering.apply(exchange, path.split('/').at(-1) ?? '', (verdict) => {
      if (verdict !== 'accept') return text(exchange, ...TEXTS[verdict]);
      record(exchange, path);
      text(exchange, 200, 'ok');
    });
  };

  const server = await openSecureServer({ leaf, http1: true }, (exchange) => {
    if (exchange.method !== 'POST') return text(exchange, 404, 'not found');
    const path = WEBHOOK.exec(exchange.path)?.[1];
    if (path !== undefined) return webhook(exchange, path);
    if (exchange.path === '/api/chat.postMessage') return api(exchange);
    text(exchange, 404, 'not found');
  });
  return {
    settings: { token: TOKEN, endpoint: server.origin, webhook_endpoint: server.origin },
    close: () => server.close(),
  };
}
