import { randomUUID } from 'node:crypto';
import type { PlatformName } from '../../push/push.ts';
import type { DeliveryView } from '../../sandbox/deliveries.ts';
import type { Exchange } from '../../sandbox/exchange.ts';
import { openSecureServer, type SecureServer } from '../../sandbox/secure-server.ts';
import type { Simulation } from '../../sandbox/simulation.ts';
import { MOST_BODY } from '../encryption/encrypt.ts';
import { type Vendor, vendorOf } from '../vendor.ts';
import { answerFault, faultOf, type PushFault } from './fault-answer.ts';
import { createReceiver, type OpenedBody } from './receiver.ts';
import { createVapidCheck } from './vapid-check.ts';

export interface PushServiceOptions extends Simulation {
  /** VAPID public keys that subscriptions were made with. */
  readonly keys: readonly string[];
}

const URGENCIES = new Set(['very-low', 'low', 'normal', 'high']);
const TOPIC = /^[A-Za-z0-9_-]{1,32}$/;
const MOST_TTL = 2_592_000;

/** Headers of Web Push (RFC 8030) that say what becomes of a push. */
const SHOWN = new Set(['ttl', 'urgency', 'topic', 'content-encoding']);

const view: DeliveryView = {
  showsHeader: (name) => SHOWN.has(name),
  text: (payload) => payload?.notification ?? {},
};

/** What a target is steered by: the last part of the path, or what Microsoft has in its place. */
function nameOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'https://sandbox');
  return pathname.split('/').at(-1) || (searchParams.get('token') ?? '');
}

function headerFault({ headers }: Exchange, vendor: Vendor): PushFault | undefined {
  if (!/^\d+$/.test(String(headers.ttl ?? ''))) return 'ttl';
  if (headers.urgency !== undefined && !URGENCIES.has(String(headers.urgency))) return 'urgency';
  if (headers.topic === undefined) return undefined;
  const topic = String(headers.topic);
  // Apple decodes it as base64url.
  return TOPIC.test(topic) && !(vendor === 'apple' && topic.length % 4 === 1) ? undefined : 'topic';
}

/** One simulated push service for all vendors; the host that is called decides whose manner it has. Speaks HTTP/2. */
export function openPushService(options: PushServiceOptions): Promise<SecureServer> {
  const { leaf, checks, steering, deliveries, keys, maxStreams = 100, now } = options;
  const vapidFault = createVapidCheck(keys, now);
  const open = createReceiver();

  const bodyFault = ({ headers, body }: Exchange, opened: OpenedBody): PushFault | undefined => {
    if (headers['content-encoding'] !== 'aes128gcm') return 'coding';
    if (body.length > MOST_BODY) return 'size';
    return opened.ok ? undefined : 'body';
  };

  const faultIn = (exchange: Exchange, vendor: Vendor, origin: string, opened: OpenedBody): PushFault | undefined => {
    if (exchange.method !== 'POST') return 'method';
    const credential = checks.credentials ? vapidFault(exchange.headers.authorization, origin) : undefined;
    const header = checks.headers ? headerFault(exchange, vendor) : undefined;
    return credential ?? header ?? (checks.message ? bodyFault(exchange, opened) : undefined);
  };

  const accept = (exchange: Exchange, origin: string, opened: OpenedBody): void => {
    const id = `${origin}/m/${randomUUID()}`;
    const { headers, body, path } = exchange;
    const text = opened.ok ? opened.text : undefined;
    deliveries.record({
      at: now(),
      platform: 'web' as PlatformName,
      environment: 'production',
      kind: 'token',
      target: `${origin}${path}`,
      id,
      headers,
      payload: text ?? Buffer.from(JSON.stringify({ encrypted: body.length })),
      view,
    });
    const ttl = Math.min(Number(headers.ttl), MOST_TTL) || 0;
    exchange.respond(201, { location: id, ttl });
  };

  return openSecureServer({ leaf, settings: { maxConcurrentStreams: maxStreams } }, (exchange) => {
    const host = String(exchange.headers[':authority'] ?? exchange.headers.host ?? '').toLowerCase();
    const [vendor, origin, name] = [vendorOf(host.replace(/:\d+$/, '')), `https://${host}`, nameOf(exchange.path)];
    const opened = open(exchange.body, name.startsWith('sandbox-'));
    const fault = faultIn(exchange, vendor, origin, opened);
    if (fault) return answerFault(exchange, vendor, fault, now());
    steering.apply(exchange, name, (verdict) => {
      if (verdict === 'accept') accept(exchange, origin, opened);
      else answerFault(exchange, vendor, faultOf[verdict], now());
    });
  });
}
