import type { Json, TargetKind } from '../push/push.ts';
import type { AccessTokens } from '../sandbox/access-tokens.ts';
import type { LeafCertificate } from '../sandbox/certificates.ts';
import type { Checks } from '../sandbox/checks.ts';
import type { Deliveries } from '../sandbox/deliveries.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import { fateOf } from '../sandbox/fate.ts';
import { messageView } from '../sandbox/message-view.ts';
import { openSecureServer, type SecureServer } from '../sandbox/secure-server.ts';
import type { Steering, Verdict } from '../sandbox/steering.ts';
import { type HmsObject, hmsRefusal, isHmsObject } from './sandbox-message.ts';

export interface HmsServerOptions {
  readonly leaf: LeafCertificate;
  readonly checks: Checks;
  readonly appId: string;
  readonly tokens: AccessTokens;
  readonly steering: Steering;
  readonly deliveries: Deliveries;
  readonly now: () => number;
}

const PATH = /^\/v[12]\/([^/]+)\/messages:send$/;
const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' };
const DEAD: ReadonlySet<string | undefined> = new Set(['unregistered', 'expired', 'bad-token', 'wrong-topic']);

/** Answers that concern a whole request: HTTP status, code, text. */
const words: Readonly<Partial<Record<Verdict, readonly [status: number, code: string, msg: string]>>> = {
  busy: [503, '80100017', 'Flow control'],
  down: [503, '81000001', 'System inner error'],
  'stale-credential': [401, '80200003', 'Oauth Token expired'],
  'bad-credential': [400, '80300002', 'APP is forbidden to send'],
};

interface Targets {
  readonly kind: TargetKind;
  readonly alive: readonly string[];
  readonly dead: readonly string[];
}

function parse(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function targetsOf(message: HmsObject): Targets {
  const kind = message.topic ? 'topic' : message.condition ? 'condition' : 'token';
  const given = message[kind];
  const targets = (Array.isArray(given) ? given : [given ?? '']).map(String);
  const isDead = (target: string) => target === '' || DEAD.has(fateOf(target));
  return { kind, alive: targets.filter((one) => !isDead(one)), dead: targets.filter(isDead) };
}

const allDead = ({ kind, alive, dead }: Targets): Targets => ({ kind, alive: [], dead: [...alive, ...dead] });

/** The code of the whole request: success, some illegal tokens, or none right. */
function result({ alive, dead }: Targets): readonly [code: string, msg: string] {
  if (dead.length === 0) return ['80000000', 'Success'];
  if (alive.length === 0) return ['80300007', 'All the tokens are invalid'];
  const counts = { success: alive.length, failure: dead.length, illegal_tokens: dead };
  return ['80100000', JSON.stringify(counts)];
}

/** A simulated HMS Push Kit (v1 and v2). Speaks HTTP/1.1 and HTTP/2. */
export function openHmsServer(options: HmsServerOptions): Promise<SecureServer> {
  const { leaf, checks, appId, tokens, steering, deliveries, now } = options;
  let requests = 0;

  const say = (exchange: Exchange, status: number, code: string, msg: string) => {
    requests += 1;
    const later = status === 503 ? { 'retry-after': 1 } : {};
    exchange.respond(status, { ...JSON_TYPE, ...later }, JSON.stringify({ code, msg, requestId: String(requests) }));
  };

  const accept = (exchange: Exchange, targets: Targets, validateOnly: boolean) => {
    const { headers, body: payload } = exchange;
    const id = String(requests + 1);
    const shared = { at: now(), platform: 'huawei', environment: 'production', view: messageView } as const;
    const common = { ...shared, id, headers, payload };
    if (!validateOnly) for (const target of targets.alive) deliveries.record({ ...common, kind: targets.kind, target });
    say(exchange, 200, ...result(targets));
  };

  const handle = (exchange: Exchange) => {
    const app = PATH.exec(exchange.path)?.[1];
    if (app === undefined || exchange.method !== 'POST') return exchange.respond(404);
    if (checks.credentials && !tokens.accepts(exchange.headers.authorization)) {
      return say(exchange, 401, '80200001', 'Oauth authentication error');
    }
    if (checks.credentials && app !== appId) return say(exchange, 400, '80300002', 'APP is forbidden to send');
    const body = parse(exchange.body);
    const bad = checks.message ? hmsRefusal(body) : undefined;
    if (bad) return say(exchange, 400, ...bad);
    const request = isHmsObject(body) ? body : {};
    const targets = targetsOf(isHmsObject(request.message) ? request.message : {});
    // One request has many tokens: the first that asks for something other than to be dead decides for all.
    const leading = targets.alive.find((target) => fateOf(target)) ?? targets.alive[0] ?? '';
    steering.apply(exchange, leading, (verdict) => {
      const said = words[verdict];
      if (said) say(exchange, ...said);
      else accept(exchange, DEAD.has(verdict) ? allDead(targets) : targets, request.validate_only === true);
    });
  };

  return openSecureServer({ leaf, http1: true }, handle);
}
