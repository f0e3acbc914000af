import type { AccessTokens } from '../sandbox/access-tokens.ts';
import type { LeafCertificate } from '../sandbox/certificates.ts';
import type { Checks } from '../sandbox/checks.ts';
import { openSecureServer, type SecureServer } from '../sandbox/secure-server.ts';

export interface HmsAuthServerOptions {
  readonly leaf: LeafCertificate;
  readonly checks: Checks;
  readonly tokens: AccessTokens;
  readonly appId: string;
  readonly appSecret: string;
}

const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' };
const LIFETIME = 3600;

/** Huawei's numbers, and its words for them; undefined when the form is right. */
function refusal(form: URLSearchParams, options: HmsAuthServerOptions): readonly [number, string] | undefined {
  if (!options.checks.credentials) return undefined;
  const id = form.get('client_id') ?? '';
  const secret = form.get('client_secret') ?? '';
  if (form.get('grant_type') !== 'client_credentials') return [20182, 'invalid grant_type'];
  if (!/^[0-9]{1,64}$/.test(id)) return [20002, 'invalid client_id'];
  if (id !== options.appId) return [20003, 'client_id does not exist'];
  if (secret === '') return [20171, 'client_secret is empty'];
  return secret === options.appSecret ? undefined : [12304, 'invalid client_secret'];
}

/** Huawei's sign-in: `POST /oauth2/v3/token` with the client's credentials. Speaks HTTP/1.1 and HTTP/2. */
export function openHmsAuthServer(options: HmsAuthServerOptions): Promise<SecureServer> {
  return openSecureServer({ leaf: options.leaf, http1: true }, (exchange) => {
    if (exchange.path !== '/oauth2/v3/token') return exchange.respond(404);
    if (exchange.method !== 'POST') return exchange.respond(405);
    const bad = refusal(new URLSearchParams(exchange.body.toString()), options);
    if (bad) {
      const [sub_error, error_description] = bad;
      return exchange.respond(400, JSON_TYPE, JSON.stringify({ error: 1101, sub_error, error_description }));
    }
    const access_token = options.tokens.issue('', LIFETIME);
    exchange.respond(200, JSON_TYPE, JSON.stringify({ access_token, expires_in: LIFETIME, token_type: 'Bearer' }));
  });
}
