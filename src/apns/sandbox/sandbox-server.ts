import { randomUUID } from 'node:crypto';
import type { ServerHttp2Session } from 'node:http2';
import type { Environment } from '../../push/push.ts';
import type { LeafCertificate } from '../../sandbox/certificates.ts';
import type { Checks } from '../../sandbox/checks.ts';
import type { Deliveries } from '../../sandbox/deliveries.ts';
import type { Exchange } from '../../sandbox/exchange.ts';
import { openSecureServer, type SecureServer } from '../../sandbox/secure-server.ts';
import type { Steering, Verdict } from '../../sandbox/steering.ts';
import type { ApnsAuthorization } from './sandbox-authorization.ts';
import { apnsRefusal, statusOf, tokenOf } from './sandbox-refusal.ts';
import { apnsView } from './sandbox-view.ts';

export interface ApnsServerOptions {
  readonly leaf: LeafCertificate;
  readonly environment: Environment;
  readonly checks: Checks;
  readonly authorization: ApnsAuthorization;
  readonly steering: Steering;
  readonly deliveries: Deliveries;
  /** Streams that a connection may have open; one until its first push got through, as APNs has it. */
  readonly maxStreams: number;
  readonly now: () => number;
}

const words: Readonly<Record<Exclude<Verdict, 'accept'>, readonly [status: number, reason: string]>> = {
  unregistered: [410, 'Unregistered'],
  expired: [410, 'ExpiredToken'],
  'bad-token': [400, 'BadDeviceToken'],
  'wrong-topic': [400, 'DeviceTokenNotForTopic'],
  busy: [429, 'TooManyRequests'],
  down: [503, 'ServiceUnavailable'],
  'stale-credential': [403, 'ExpiredProviderToken'],
  'bad-credential': [403, 'InvalidProviderToken'],
};
/** How long ago a token has died, where that is said: one of a phone that has lost its app just now, and a verdict of yesterday. */
const DEAD_FOR_MS: Readonly<Record<string, number>> = { Unregistered: 0, ExpiredToken: 86_400_000 };

/** A simulated APNs host. */
export function openApnsServer(options: ApnsServerOptions): Promise<SecureServer> {
  const { leaf, environment, checks, authorization, steering, deliveries, maxStreams, now } = options;
  const waiting = new WeakSet<object>();

  const refuse = (exchange: Exchange, id: string, status: number, reason: string) => {
    const deadFor = DEAD_FOR_MS[reason];
    const timestamp = deadFor === undefined ? {} : { timestamp: now() - deadFor };
    const later = status === 429 ? { 'retry-after': 1 } : {};
    const headers = { 'content-type': 'application/json', 'apns-id': id, ...later };
    exchange.respond(status, headers, JSON.stringify({ reason, ...timestamp }));
  };

  const accept = (exchange: Exchange, id: string) => {
    if (waiting.delete(exchange.connection)) {
      const session = exchange.connection as ServerHttp2Session;
      // A slow answer may come after its connection is gone.
      if (!session.destroyed) session.settings({ maxConcurrentStreams: maxStreams });
    }
    const { path, headers, body: payload } = exchange;
    const target = tokenOf(path);
    deliveries.record({
      at: now(),
      platform: 'ios',
      environment,
      kind: 'token',
      target,
      id,
      headers,
      payload,
      view: apnsView,
    });
    const trace = environment === 'development' ? { 'apns-unique-id': randomUUID() } : {};
    exchange.respond(200, { 'apns-id': id, ...trace });
  };

  const handle = (exchange: Exchange) => {
    const asked = exchange.headers['apns-id'];
    const id = typeof asked === 'string' ? asked : randomUUID();
    const target = tokenOf(exchange.path);
    const reason = apnsRefusal(exchange, checks, authorization);
    if (reason) return refuse(exchange, id, statusOf[reason] ?? 400, reason);
    steering.apply(exchange, target, (verdict) => {
      if (verdict === 'accept') accept(exchange, id);
      else refuse(exchange, id, ...words[verdict]);
    });
  };

  return openSecureServer(
    {
      leaf,
      askCertificate: true,
      settings: { maxConcurrentStreams: checks.credentials ? 1 : maxStreams },
      onSession: (session) => void waiting.add(session),
    },
    handle,
  );
}
