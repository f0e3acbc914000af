import { randomBytes } from 'node:crypto';
import type { SimulatedProvider } from '../carrier/provider-row.ts';
import { jsonObjectIn } from '../kit/http/answer-form.ts';
import type { JsonObject } from '../push/push.ts';
import type { DeliveryView } from '../sandbox/deliveries.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import { openSecureServer } from '../sandbox/secure-server.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import type { Verdict } from '../sandbox/steering.ts';
import { topicOf } from './topic.ts';

const TOKEN = 'tk_sandbox0123456789abcdefghijklm';
/** A server behind a proxy has a path: a relay that drops it is found out here. */
const BASE = '/ntfy';

/** HTTP status and code of the answers that are not an acceptance; topics are never dead. */
const ANSWERS: Readonly<Record<Exclude<Verdict, 'accept'>, readonly [status: number, code: number]>> = {
  unregistered: [507, 50701],
  expired: [507, 50701],
  'bad-token': [400, 40009],
  'wrong-topic': [400, 40010],
  busy: [429, 42901],
  down: [500, 50001],
  'stale-credential': [401, 40101],
  'bad-credential': [403, 40301],
};

const parsed = (body: Buffer): JsonObject | undefined => jsonObjectIn(body) as JsonObject | undefined;

/** The code for what ntfy's server would refuse in a message; undefined: it takes it. */
function messageFault(message: JsonObject | undefined): number | undefined {
  if (message === undefined) return 40024;
  if (typeof message.topic !== 'string' || topicOf(message.topic, 'https://none') === undefined) return 40009;
  const { priority, tags, actions } = message;
  if (priority !== undefined && ![1, 2, 3, 4, 5].includes(priority as number)) return 40007;
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) return 40024;
  return actions === undefined || (Array.isArray(actions) && actions.length <= 3) ? undefined : 40018;
}

const view: DeliveryView = { text: (payload) => ({ title: payload?.title, body: payload?.message }) };

/** A simulated ntfy server that wants an access token. Speaks HTTP/1.1. */
export async function simulateNtfy(simulation: Simulation): Promise<SimulatedProvider> {
  const { leaf, checks, steering, deliveries, now } = simulation;

  const json = (exchange: Exchange, status: number, body: object) =>
    exchange.respond(status, { 'content-type': 'application/json' }, JSON.stringify(body));
  const refuse = (exchange: Exchange, status: number, code: number) =>
    json(exchange, status, { code, http: status, error: `refused with ${code}`, link: 'https://ntfy.sh/docs/' });

  const accept = (exchange: Exchange, message: JsonObject) => {
    const id = randomBytes(9).toString('base64url').slice(0, 12);
    const { headers, body: payload } = exchange;
    const target = String(message.topic);
    deliveries.record({
      at: now(),
      platform: 'ntfy',
      environment: 'production',
      kind: 'token',
      target,
      id,
      headers,
      payload,
      view,
    });
    const { title, message: text = 'triggered', sequence_id: sequence } = message;
    json(exchange, 200, {
      id,
      time: Math.floor(now() / 1000),
      event: 'message',
      topic: target,
      title,
      message: text,
      sequence_id: sequence,
    });
  };

  const server = await openSecureServer({ leaf, http1: true }, (exchange) => {
    if (exchange.method !== 'POST' || exchange.path !== `${BASE}/`) return refuse(exchange, 404, 40401);
    if (checks.credentials && exchange.headers.authorization !== `Bearer ${TOKEN}`) return refuse(exchange, 401, 40101);
    const message = parsed(exchange.body);
    const fault = checks.message ? messageFault(message) : undefined;
    if (fault !== undefined || message === undefined) return refuse(exchange, 400, fault ?? 40024);
    const topic = String(message.topic);
    steering.apply(exchange, topic, (verdict) => {
      if (verdict === 'accept') accept(exchange, message);
      else refuse(exchange, ...ANSWERS[verdict]);
    });
  });
  return {
    settings: { endpoint: `${server.origin}${BASE}`, token: TOKEN, username: '', password: '' },
    close: () => server.close(),
  };
}
