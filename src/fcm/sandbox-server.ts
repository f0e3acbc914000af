import { randomUUID } from 'node:crypto';
import type { Json, TargetKind } from '../push/push.ts';
import type { AccessTokens } from '../sandbox/access-tokens.ts';
import type { LeafCertificate } from '../sandbox/certificates.ts';
import type { Checks } from '../sandbox/checks.ts';
import type { Deliveries } from '../sandbox/deliveries.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import { messageView } from '../sandbox/message-view.ts';
import { openSecureServer, type SecureServer } from '../sandbox/secure-server.ts';
import type { Steering } from '../sandbox/steering.ts';
import {
  type FcmAnswer,
  fcmVerdicts,
  malformed,
  noRecipient,
  notFound,
  otherProject,
  tooLarge,
  unauthenticated,
} from './sandbox-answer.ts';
import { fcmViolations } from './sandbox-message.ts';

export interface FcmServerOptions {
  readonly leaf: LeafCertificate;
  readonly checks: Checks;
  readonly projectId: string;
  readonly tokens: AccessTokens;
  readonly steering: Steering;
  readonly deliveries: Deliveries;
  readonly maxStreams: number;
  readonly now: () => number;
}

interface Message {
  readonly [field: string]: Json | undefined;
}
interface Target {
  readonly kind: TargetKind;
  readonly target: string;
}

const PATH = /^\/v1\/projects\/([^/]+)\/messages:send$/;
const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' };
/** Bytes of `data` and `notification` together. */
const MOST = 4096;
// Registration tokens are opaque; no white space has ever been seen in one.
const REGISTRATION_TOKEN = /^\S{1,4096}$/;

const send = (exchange: Exchange, { status, headers, body }: FcmAnswer) =>
  exchange.respond(status, { ...JSON_TYPE, ...headers }, body);

function parse(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function targetOf(message: Message): Target | undefined {
  const named = (['token', 'topic', 'condition'] as const).filter((kind) => message[kind]);
  const [kind] = named;
  return kind && named.length === 1 ? { kind, target: String(message[kind]) } : undefined;
}

const sizeOf = ({ data, notification }: Message) =>
  Buffer.byteLength(JSON.stringify(data ?? {})) + Buffer.byteLength(JSON.stringify(notification ?? {}));

function badMessage(body: Json | undefined): FcmAnswer | undefined {
  if (body === undefined) return malformed([{ field: '', description: 'Invalid JSON payload received.' }]);
  const found = fcmViolations(body);
  if (found.length > 0) return malformed(found);
  const { message = {} } = body as { message?: Message };
  if (!targetOf(message)) return noRecipient;
  return sizeOf(message) > MOST ? tooLarge : undefined;
}

function refusal(exchange: Exchange, body: Json | undefined, options: FcmServerOptions): FcmAnswer | undefined {
  const { checks, tokens, projectId } = options;
  const project = PATH.exec(exchange.path)?.[1];
  if (exchange.method !== 'POST' || project === undefined) return notFound;
  if (checks.credentials && !tokens.accepts(exchange.headers.authorization)) return unauthenticated;
  if (checks.credentials && project !== projectId) return otherProject(project);
  return checks.message ? badMessage(body) : undefined;
}

/** A simulated FCM (HTTP v1). */
export function openFcmServer(options: FcmServerOptions): Promise<SecureServer> {
  const { leaf, checks, projectId, steering, deliveries, maxStreams, now } = options;

  const accept = (exchange: Exchange, to: Target, validateOnly: boolean) => {
    const id = validateOnly ? 'fake_message_id' : `0:${now()}${randomUUID().slice(0, 8)}`;
    const name = `projects/${projectId}/messages/${id}`;
    const { headers, body: payload } = exchange;
    if (!validateOnly) {
      const at = now();
      deliveries.record({
        at,
        platform: 'android',
        environment: 'production',
        ...to,
        id: name,
        headers,
        payload,
        view: messageView,
      });
    }
    exchange.respond(200, JSON_TYPE, JSON.stringify({ name }));
  };

  return openSecureServer({ leaf, settings: { maxConcurrentStreams: maxStreams } }, (exchange) => {
    const body = parse(exchange.body);
    const bad = refusal(exchange, body, options);
    if (bad) return send(exchange, bad);
    const { message = {}, ...rest } = (body ?? {}) as { message?: Message; [option: string]: unknown };
    const to = targetOf(message) ?? { kind: 'token', target: '' };
    if (checks.token && to.kind === 'token' && !REGISTRATION_TOKEN.test(to.target)) {
      return send(exchange, fcmVerdicts['bad-token']);
    }
    const validateOnly = (rest.validate_only ?? rest.validateOnly) === true;
    steering.apply(exchange, to.target, (verdict) => {
      if (verdict === 'accept') accept(exchange, to, validateOnly);
      else send(exchange, fcmVerdicts[verdict]);
    });
  });
}
