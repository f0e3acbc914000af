import type { FetchImplementation, JWTPayload } from 'jose';
import { late } from '../kit/late.ts';
import { toMs } from '../kit/seconds.ts';
import { idFault } from '../kit/text/id-fault.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import { createFetchKeys } from './fetch-keys.ts';
import { appNames, type Principal, SCOPES, type Scope } from './principal.ts';
import { type PersonNamer, personPrincipal } from './users/person-principal.ts';

export interface TokenSettings {
  readonly jwks_url: string;
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Empty: every signature with a public key. */
  readonly algorithms: readonly string[];
  /** Claims of which the first that is there names the person whose token it is. */
  readonly user_claims: readonly string[];
}

export interface TokenVerifierOptions {
  readonly settings: TokenSettings;
  readonly fetch: FetchImplementation;
  /** What logs call a person. */
  readonly nameOf?: PersonNamer | undefined;
  /** Milliseconds between two looks at the keys for one that is unknown; default 30,000. */
  readonly cooldownMs?: number;
  /** Milliseconds after a failed fetch of the keys before the issuer is asked again; default 1,000. */
  readonly pauseMs?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

export interface Verified {
  readonly principal: Principal;
  /** UNIX milliseconds. */
  readonly expiresAt: number;
}

/** The keys of the issuer could not be had: nothing is known about the token. */
export class KeysUnavailableError extends Error {}

/** With the first token: a relay that starts should not wait for it. */
const jose = late('jose', () => import('jose'));

const ASYMMETRIC = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
const LEEWAY_SECONDS = 30;
const MAX_NAME = 200;
/** Codes of errors that are the fault of the issuer's server, or of the way there. */
const NOT_THE_TOKEN = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

/** Three parts divided by dots, and a header that says what it is. */
export const looksLikeToken = (secret: string): boolean => /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(secret);

const wordsOf = (claim: unknown): string[] => {
  if (typeof claim === 'string') return claim.split(/\s+/).filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((word) => typeof word === 'string') : [];
};

/** A token without the claim `apps` may use all of them; one whose claim is something else may use none. */
const appsOf = ({ apps }: JWTPayload): ReadonlySet<string> | undefined =>
  apps === undefined ? undefined : appNames(wordsOf(apps));

function nameOf({ sub, client_id, azp }: JWTPayload): string {
  const name = [sub, client_id, azp].find((claim) => typeof claim === 'string' && claim !== '');
  return typeof name === 'string' ? name.slice(0, MAX_NAME) : 'token';
}

/** A person has one app: that of the claim `apps`, else `default`; undefined when the claim has several. */
function appOfPerson(claims: JWTPayload): string | undefined {
  const apps = appsOf(claims);
  if (apps === undefined || apps.has(DEFAULT_APP)) return DEFAULT_APP;
  const [only, ...others] = apps;
  return others.length === 0 ? only : undefined;
}

/** Whom one of `auth.user_claims` names; such a token is for that person's own, whatever scopes it has. Undefined: it names none. */
function personOf(
  claims: JWTPayload,
  names: readonly string[],
  nameOf: PersonNamer | undefined,
): { readonly principal: Principal | undefined } | undefined {
  const id = names.map((name) => claims[name]).find((claim) => typeof claim === 'string' && claim !== '');
  if (id === undefined) return undefined;
  const app = appOfPerson(claims);
  if (app === undefined || idFault(id) !== undefined) return { principal: undefined };
  return { principal: personPrincipal({ app, id: id as string, issuedAt: toMs(claims.iat ?? 0) }, nameOf) };
}

function principalOf(claims: JWTPayload): Principal {
  const words = new Set([...wordsOf(claims.scope), ...wordsOf(claims.scopes)]);
  const scopes = new Set<Scope>(SCOPES.filter((scope) => words.has(scope)));
  return { kind: 'token', name: nameOf(claims), scopes, apps: appsOf(claims), rateLimit: 0 };
}

/**
 * Checks tokens against the issuer's keys, which are fetched when they are needed and kept for ten minutes. Signatures with a
 * shared secret, and none at all, never count.
 * @returns undefined for a token that is not valid. Rejects with KeysUnavailableError.
 */
export function createTokenVerifier(options: TokenVerifierOptions): (token: string) => Promise<Verified | undefined> {
  const { settings, now = Date.now } = options;
  const opened = late('the check of tokens', async () => {
    const { createRemoteJWKSet, customFetch, errors, jwtVerify } = await jose();
    const { fetch, pauseMs = 1000 } = options;
    const keys = createRemoteJWKSet(new URL(settings.jwks_url), {
      cooldownDuration: options.cooldownMs ?? 30_000,
      [customFetch]: createFetchKeys({ fetch, pauseMs }),
    });
    return { keys, errors, jwtVerify };
  });
  const algorithms = settings.algorithms.length > 0 ? [...settings.algorithms] : ASYMMETRIC;
  return async (token) => {
    const { keys, errors, jwtVerify } = await opened().catch((cause) => {
      throw new KeysUnavailableError('tokens cannot be checked', { cause });
    });
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience: [...settings.audience],
        algorithms,
        requiredClaims: ['exp'],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(now()),
      });
      const person = personOf(payload, settings.user_claims, options.nameOf);
      const principal = person ? person.principal : principalOf(payload);
      const expiresAt = toMs((payload.exp as number) + LEEWAY_SECONDS);
      return principal && { principal: { ...principal, expiresAt }, expiresAt };
    } catch (error) {
      if (error instanceof errors.JOSEError && !NOT_THE_TOKEN.has(error.code)) return undefined;
      throw new KeysUnavailableError('the keys of auth.jwks_url cannot be had', { cause: error });
    }
  };
}
