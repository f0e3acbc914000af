import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { SimulatedProvider } from '../carrier/provider-row.ts';
import type { JsonObject } from '../push/push.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import { fateOf } from '../sandbox/fate.ts';
import { openSecureServer } from '../sandbox/secure-server.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import type { Verdict } from '../sandbox/steering.ts';
import { isExpoToken } from './payload.ts';

const TOKEN = 'sandbox-expo-access-token';
const INSIDE = /^Expo(?:nent)?PushToken\[(.*)\]$/;
/** Receipts that are remembered; older ones are absent, as they are at Expo after a day. */
const REMEMBERED = 10_000;

/** What a token is steered by: what stands in its brackets. */
const nameOf = (token: string): string => INSIDE.exec(token)?.[1] ?? token;

/** Errors of tickets by what the token asks for; `expired` is found out by the receipt. */
const TICKETS: Readonly<Record<string, string>> = {
  unregistered: 'DeviceNotRegistered',
  'bad-token': 'DeviceNotRegistered',
  'wrong-topic': 'MismatchSenderId',
};

function bodyOf({ headers, body }: Exchange): unknown {
  try {
    const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: 4 * 1024 * 1024 }) : body;
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}

const isMessage = (value: unknown): value is JsonObject & { to: string | string[] } =>
  typeof value === 'object' &&
  value !== null &&
  'to' in value &&
  [value.to].flat().every((to) => typeof to === 'string');

/** A simulated push service of Expo, with receipts at once. Speaks HTTP/1.1. */
export async function simulateExpo(simulation: Simulation): Promise<SimulatedProvider> {
  const { leaf, checks, steering, deliveries, now } = simulation;
  const receipts = new Map<string, object>();

  const json = (exchange: Exchange, status: number, body: object) =>
    exchange.respond(
      status,
      { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': 1 } : {}) },
      JSON.stringify(body),
    );
  const refuse = (exchange: Exchange, status: number, code: string) =>
    json(exchange, status, { errors: [{ code, message: `refused with ${code}` }] });

  const failed = (error: string) => ({ status: 'error', message: `failed with ${error}`, details: { error } });

  const ticketOf = (exchange: Exchange, message: JsonObject, target: string, verdict: Verdict): object => {
    if (!isExpoToken(target)) return failed('DeviceNotRegistered');
    const fate = verdict === 'accept' ? fateOf(nameOf(target)) : verdict;
    const error = TICKETS[fate ?? ''];
    if (error) return failed(error);
    const id = randomUUID();
    receipts.set(id, fate === 'expired' ? failed('DeviceNotRegistered') : { status: 'ok' });
    if (receipts.size > REMEMBERED) receipts.delete(receipts.keys().next().value as string);
    const payload = Buffer.from(JSON.stringify({ ...message, to: target }));
    const { headers } = exchange;
    deliveries.record({
      at: now(),
      platform: 'expo',
      environment: 'production',
      kind: 'token',
      target,
      id,
      headers,
      payload,
    });
    return { status: 'ok', id };
  };

  const send = (exchange: Exchange, body: unknown) => {
    const messages = [body].flat();
    if (!messages.every(isMessage)) return refuse(exchange, 400, 'VALIDATION_ERROR');
    const targets = messages.flatMap((message) => [message.to].flat().map((to) => [message, to] as const));
    if (targets.length > 100) return refuse(exchange, 400, 'PUSH_TOO_MANY_NOTIFICATIONS');
    // One request has many tokens: the first that asks for more than a ticket decides for all.
    const steers = (to: string) =>
      fateOf(nameOf(to)) !== undefined &&
      !((fateOf(nameOf(to)) as string) in TICKETS) &&
      fateOf(nameOf(to)) !== 'expired';
    const leading = targets.find(([, to]) => steers(to))?.[1] ?? targets[0]?.[1] ?? '';
    steering.apply(exchange, steers(leading) ? nameOf(leading) : leading, (verdict) => {
      if (verdict === 'busy') return refuse(exchange, 429, 'TOO_MANY_REQUESTS');
      if (verdict === 'down') return refuse(exchange, 503, 'INTERNAL_SERVER_ERROR');
      if (verdict === 'stale-credential' || verdict === 'bad-credential') return refuse(exchange, 401, 'UNAUTHORIZED');
      json(exchange, 200, { data: targets.map(([message, to]) => ticketOf(exchange, message, to, verdict)) });
    });
  };

  const getReceipts = (exchange: Exchange, body: unknown) => {
    const ids = (body as { ids?: unknown } | undefined)?.ids;
    if (!Array.isArray(ids)) return refuse(exchange, 400, 'VALIDATION_ERROR');
    if (ids.length > 1000) return refuse(exchange, 400, 'PUSH_TOO_MANY_RECEIPTS');
    const known = ids.map(String).filter((id) => receipts.has(id));
    json(exchange, 200, { data: Object.fromEntries(known.map((id) => [id, receipts.get(id)])) });
  };

  const server = await openSecureServer({ leaf, http1: true }, (exchange) => {
    const [, verb] = /^\/--\/api\/v2\/push\/(send|getReceipts)$/.exec(exchange.path) ?? [];
    if (exchange.method !== 'POST' || verb === undefined) return refuse(exchange, 404, 'NOT_FOUND');
    if (checks.credentials && exchange.headers.authorization !== `Bearer ${TOKEN}`) {
      return refuse(exchange, 401, 'UNAUTHORIZED');
    }
    const body = bodyOf(exchange);
    if (verb === 'send') send(exchange, body);
    else getReceipts(exchange, body);
  });
  return { settings: { access_token: TOKEN, endpoint: server.origin }, close: () => server.close() };
}
