import { createECDH } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { hostRules } from '../../src/carrier/hosts.ts';
import { numberedPools } from '../../src/http2/create-pool.ts';
import type { Resolve } from '../../src/outbound/dns-resolve.ts';
import { type StrangersOptions, strangersConnect, strangersPools } from '../../src/outbound/strangers-pools.ts';
import type { JsonObject, Notification, Outcome, PushTransport } from '../../src/push/push.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { allChecks } from '../../src/sandbox/checks.ts';
import { Deliveries } from '../../src/sandbox/deliveries.ts';
import { Steering } from '../../src/sandbox/steering.ts';
import { generateVapidPair, loadVapidCredential, type VapidPairConfig } from '../../src/webpush/credentials.ts';
import type { ReceiverKeys } from '../../src/webpush/encryption/decrypt.ts';
import { EncryptionPool } from '../../src/webpush/encryption/encryption-pool.ts';
import { SANDBOX_KEYS } from '../../src/webpush/sandbox/browser-keys.ts';
import { openPushService } from '../../src/webpush/sandbox/push-service.ts';
import { createVapidTokenSource } from '../../src/webpush/token.ts';
import { createWebPushTransport } from '../../src/webpush/transport.ts';
import { VENDOR_HOSTS } from '../../src/webpush/vendor.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';

/** With the fields that are a web push's own. */
export interface WebNotification extends Notification {
  web?: JsonObject;
  url?: string;
  click_action?: string;
  actions?: JsonObject[];
}

export const SUBJECT = 'mailto:push@martlet.dev';
export const authority = makeAuthority();
export const leaf = authority.leaf(['localhost', '127.0.0.1']);

/** A simulated push service that all endpoints lead to, with two VAPID pairs that it knows: `current` and `old`. */
export async function startPushService(now: () => number = Date.now) {
  const [current, old] = [generateVapidPair(), generateVapidPair()];
  const [steering, deliveries] = [new Steering(), new Deliveries()];
  const simulation = { leaf, checks: allChecks, steering, deliveries, maxStreams: 100, now };
  const server = await openPushService({ ...simulation, keys: [current.public_key, old.public_key] });
  onTestFinished(() => server.close());
  return { origin: server.origin, current, old, steering, deliveries };
}

export interface WebOptions {
  readonly vapid: readonly Partial<VapidPairConfig>[];
  readonly ways?: Partial<StrangersOptions>;
  readonly extraHosts?: readonly string[];
  readonly now?: () => number;
  readonly encryption?: Pick<EncryptionPool, 'encrypt'>;
  readonly subject?: string;
  readonly resolve?: Resolve;
  readonly onPairRefused?: (pair: { readonly id: string }, origin: string) => void;
}

export function startTransport({
  vapid,
  ways = {},
  extraHosts = [],
  now = Date.now,
  ...rest
}: WebOptions): PushTransport {
  const pairs = vapid.map((pair) => ({ id: '', state: '' as const, public_key: '', private_key: '', ...pair }));
  const credential = loadVapidCredential({ vapid: pairs, subject: rest.subject ?? SUBJECT });
  const { resolve } = rest;
  const outwards = { proxyFor: () => undefined, ca: [authority.ca], ...(resolve ? { resolve } : {}) };
  const all = { connections: 0, request_timeout: 5, private_networks: [], endpoint: '', ...ways };
  const own = rest.encryption ? undefined : new EncryptionPool({ threads: 1 });
  const transport = createWebPushTransport({
    credential,
    tokens: createVapidTokenSource({ subject: credential.subject, now }),
    rules: hostRules({ 'web.hosts': VENDOR_HOSTS, 'web.extra_hosts': extraHosts }),
    defaults: { app: 'default', ttl: 2_419_200, navigate: '' },
    encryption: rest.encryption ?? (own as EncryptionPool),
    ...(rest.onPairRefused ? { onPairRefused: rest.onPairRefused } : {}),
    createPool: strangersPools(all, strangersConnect(all, outwards), numberedPools()),
    now,
  });
  onTestFinished(async () => {
    await transport.close();
    await own?.close();
  });
  return transport;
}

/** A subscription as JSON text, by default one of the sandbox's own browser. */
export const subscriptionAt = (endpoint: string, more: object = {}): string =>
  JSON.stringify({ endpoint, keys: SANDBOX_KEYS, ...more });

/** The keys of a browser: what it keeps, and what it gives away. */
export function makeBrowser(): ReceiverKeys & { readonly keys: { readonly p256dh: string; readonly auth: string } } {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const auth = Buffer.from('sixteen bytes !!');
  return { ecdh, auth, keys: { p256dh: ecdh.getPublicKey('base64url'), auth: auth.toString('base64url') } };
}

/** What becomes of each target. Rejects when one is settled twice. */
export function push(
  transport: PushTransport,
  targets: readonly string[],
  fields: Partial<WebNotification> = {},
): Promise<Outcome[]> {
  return outcomesOf(transport, deliveryOf(targets, { tokens: [], platform: 4, title: 'T', message: 'B', ...fields }));
}

export const reasonsOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map((outcome) => (outcome.kind === 'accepted' ? 'accepted' : `${outcome.reason} ${outcome.category}`));
