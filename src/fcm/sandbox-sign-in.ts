import type { KeyObject } from 'node:crypto';
import type { AccessTokens } from '../sandbox/access-tokens.ts';
import type { LeafCertificate } from '../sandbox/certificates.ts';
import type { Checks } from '../sandbox/checks.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import { openSecureServer, type SecureServer } from '../sandbox/secure-server.ts';
import { readSignedJwt } from '../sandbox/signed-jwt.ts';

export interface OAuthServerOptions {
  readonly leaf: LeafCertificate;
  readonly checks: Checks;
  readonly tokens: AccessTokens;
  /** The service account's public key and address. */
  readonly key: KeyObject;
  readonly clientEmail: string;
  readonly now: () => number;
}

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const LIFETIME = 3599;
const SHORT_LIVED =
  'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. ' +
  'Check your iat and exp values in the JWT claim.';

type Refusal = readonly [error: string, description: string];

/** What Google's token endpoint says against an assertion, or undefined. `audience` is the endpoint's own URL. */
function badAssertion(assertion: string, audience: string, options: OAuthServerOptions): Refusal | undefined {
  const jwt = readSignedJwt(assertion, options.key);
  if (!jwt) return ['invalid_grant', 'Bad Request'];
  const { iss, aud, iat, exp } = jwt.claims;
  if (iss !== options.clientEmail) return ['invalid_grant', 'Invalid grant: account not found'];
  if (!jwt.genuine) return ['invalid_grant', 'Invalid JWT Signature.'];
  if (aud !== audience)
    return ['invalid_grant', 'Invalid JWT: Failed audience check. The right audience is the token_uri.'];
  const now = options.now() / 1000;
  const timely =
    typeof iat === 'number' && typeof exp === 'number' && exp - iat <= 3600 && exp > now && iat < now + 300;
  return timely ? undefined : ['invalid_grant', SHORT_LIVED];
}

function refusal(exchange: Exchange, audience: string, options: OAuthServerOptions): Refusal | undefined {
  const form = new URLSearchParams(exchange.body.toString());
  if (!options.checks.credentials) return undefined;
  if (form.get('grant_type') !== GRANT)
    return ['unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type')}`];
  return badAssertion(form.get('assertion') ?? '', audience, options);
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Google's token endpoint: `POST /token` with a service account's assertion (RFC 7523). Speaks HTTP/1.1 and HTTP/2. */
export async function openOAuthServer(options: OAuthServerOptions): Promise<SecureServer> {
  const server: SecureServer = await openSecureServer({ leaf: options.leaf, http1: true }, (exchange) => {
    if (exchange.method !== 'POST' || exchange.path !== '/token') return exchange.respond(404);
    const bad = refusal(exchange, `${server.origin}/token`, options);
    if (bad) {
      const [error, error_description] = bad;
      return exchange.respond(400, JSON_TYPE, JSON.stringify({ error, error_description }));
    }
    const access_token = options.tokens.issue('ya29.', LIFETIME);
    exchange.respond(200, JSON_TYPE, JSON.stringify({ access_token, expires_in: LIFETIME, token_type: 'Bearer' }));
  });
  return server;
}
