import type { PeerCertificate } from 'node:tls';
import type { FetchImplementation } from 'jose';
import type { Config } from '../config/schema.ts';
import { toMs, toSeconds } from '../kit/seconds.ts';
import { Throttle } from '../kit/throttle.ts';
import { bearerOf } from './bearer.ts';
import { certificateNames, comparable } from './certificate-names.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { digestOf, KeyRing } from './key-ring.ts';
import { mayDo, type Principal, principalOf, type Scope } from './principal.ts';
import { type Quota, RateLimit } from './rate-limit.ts';
import {
  cannotTell,
  type FailureReason,
  forbidden,
  isRefusal,
  type Refusal,
  tooManyFailures,
  tooManyRequests,
  unauthenticated,
} from './refusal.ts';
import { TokenCache } from './token-cache.ts';
import { createTokenVerifier, KeysUnavailableError, looksLikeToken } from './token-verifier.ts';
import type { PeopleDoor } from './users/people-door.ts';
import { type PersonNamer, UNNAMED } from './users/person-principal.ts';
import type { StreamTicket } from './users/stream-ticket.ts';

/** What a request shows of its sender. */
export interface Caller {
  /** The header of that name. */
  readonly authorization: string | undefined;
  /** The header X-API-Key. */
  readonly apiKey: string | undefined;
  /** Undefined where it cannot be known: such callers are never locked out. */
  readonly address: string | undefined;
  /** A ticket for a stream, and whose stream that is; undefined without one. */
  readonly ticket?: StreamTicket | undefined;
  /** A certificate that an authority of `core.client_ca` has signed. */
  readonly certificate: Partial<PeerCertificate> | undefined;
}

export interface AuthOptions {
  readonly settings: Config['auth'];
  readonly log: { warn(message: string, fields?: Record<string, unknown>): void };
  /** For the keys of `auth.jwks_url`. */
  readonly fetch: FetchImplementation;
  /** Milliseconds between two looks at the keys for one that is unknown; default 30,000. */
  readonly cooldownMs?: number;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
}

/** An authenticated caller; `quota` where the key has a limit. */
export interface Admitted {
  readonly principal: Principal;
  readonly quota: Quota | undefined;
}

type Maybe<T> = T | Promise<T>;

/**
 * Characters of a key that no number of guesses finds, however many are made (192 bits in base64, 128 in hexadecimal; those of
 * `martlet new-key` have 51): it is let in while others guess from its address.
 */
const UNGUESSABLE = 32;
const VERIFIED_PER_SECOND = 50;

/** Refusals that count as a guess. */
const GUESSES = new Set<FailureReason>(['unknown_key', 'invalid_token']);

/** True when the configuration says who may call. */
export const isConfigured = (auth: Config['auth']): boolean =>
  auth.jwks_url !== '' || Object.keys(auth.keys).length > 0 || Object.keys(auth.certificates).length > 0;

/** Says who a caller is, and whether that one may do what is asked; counts, slows down and logs those who may not. */
export class Auth {
  readonly #options: AuthOptions;
  readonly #keys: KeyRing;
  readonly #tokens: TokenCache | undefined;
  readonly #certificates: ReadonlyMap<string, Principal>;
  readonly #attempts: FailedAttempts;
  readonly #limits = new Map<Principal, RateLimit>();
  readonly #failures = new Map<FailureReason, number>();
  readonly #throttle: Throttle;
  /** Of tokens from addresses that have to wait. */
  readonly #verifications: RateLimit;
  /** Keys that were used since the start: their callers go on while another caller guesses from the same address. */
  readonly #seen = new WeakSet<Principal>();
  #people: PeopleDoor | undefined;

  constructor(options: AuthOptions) {
    const { settings, monotonic } = options;
    this.#options = options;
    this.#keys = new KeyRing(settings.keys);
    this.#tokens =
      settings.jwks_url === '' ? undefined : tokensOf(options, (user) => this.#people?.nameOf(user) ?? UNNAMED);
    this.#certificates = new Map(
      Object.entries(settings.certificates).map(([name, certificate]) => [
        comparable(certificate.subject),
        principalOf('certificate', name, certificate),
      ]),
    );
    this.#attempts = new FailedAttempts({
      maxFailures: settings.max_failures,
      maxLockoutMs: toMs(settings.max_lockout),
      ...(monotonic ? { now: monotonic } : {}),
    });
    this.#throttle = new Throttle(60_000, monotonic);
    this.#verifications = new RateLimit(VERIFIED_PER_SECOND, monotonic);
  }

  /** From now on the tokens of people are known: the hub is there. */
  admitPeople(door: PeopleDoor): void {
    this.#people = door;
  }

  /** How many were not let in, by reason. */
  failures(): ReadonlyMap<FailureReason, number> {
    return this.#failures;
  }

  /** @param scope what the request needs; undefined: only that its sender is known. @param own true: the token of a person is enough */
  admit(caller: Caller, scope: Scope | undefined, own = false): Maybe<Admitted | Refusal> {
    const found = this.#identify(caller);
    return found instanceof Promise
      ? found.then((result) => this.#decide(caller, scope, own, result))
      : this.#decide(caller, scope, own, found);
  }

  /**
   * Whose key a caller shows, where nothing else is to be asked or counted: a key of the configuration without a limit, which has the
   * scope. Undefined: `admit` says what there is to say. What is admitted once always is.
   */
  keyOf(caller: Pick<Caller, 'authorization' | 'apiKey' | 'address'>, scope: Scope): Principal | undefined {
    const secret = caller.apiKey || bearerOf(caller.authorization);
    if (secret === undefined) return undefined;
    const principal = this.#byKey(secret, digestOf(Buffer.from(secret, 'latin1')), caller.address);
    if (!principal || principal.rateLimit > 0 || !mayDo(principal, scope)) return undefined;
    this.#seen.add(principal);
    return principal;
  }

  #decide(caller: Caller, scope: Scope | undefined, own: boolean, found: Principal | Refusal): Admitted | Refusal {
    if (isRefusal(found)) return this.#refuse(caller, found);
    this.#seen.add(found);
    const quota = this.#take(found);
    if (quota && !quota.allowed) return this.#refuse(caller, { ...tooManyRequests(quota.retryAfter), quota }, found);
    if (scope && !(own && found.user) && !mayDo(found, scope))
      return this.#refuse(caller, { ...forbidden(scope), quota }, found);
    return { principal: found, quota };
  }

  #identify(caller: Caller): Maybe<Principal | Refusal> {
    const { authorization, apiKey, certificate, ticket } = caller;
    const secret = apiKey || bearerOf(authorization) || basicOf(authorization);
    if (secret !== undefined) return this.#bySecret(secret, caller);
    if (ticket && this.#people) return this.#people.admitTicket(ticket);
    if (authorization !== undefined) return unauthenticated('malformed');
    if (!certificate) return unauthenticated('no_credential');
    const name = certificateNames(certificate).find((each) => this.#certificates.has(each));
    return name === undefined ? unauthenticated('unknown_certificate') : (this.#certificates.get(name) as Principal);
  }

  #bySecret(secret: string, { address }: Caller): Maybe<Principal | Refusal> {
    // Node makes a character of each byte of a header.
    const digest = digestOf(Buffer.from(secret, 'latin1'));
    const known = this.#tokens?.known(digest);
    if (known) return known;
    const principal = this.#byKey(secret, digest, address);
    if (principal) return principal;
    const waitMs = this.#attempts.waitMs(address);
    const person = this.#people?.known(digest);
    if (person) return person;
    const looksRight = looksLikeToken(secret);
    const isPersons = looksRight && this.#people?.isFor(secret) === true;
    const isToken = isPersons || (looksRight && this.#tokens !== undefined);
    // A signature cannot be guessed either, but to look at one costs time.
    if (waitMs > 0 && !(isToken && this.#verifications.take().allowed))
      return tooManyFailures(Math.ceil(toSeconds(waitMs)));
    if (isPersons) return (this.#people as PeopleDoor).admit(secret, digest);
    return this.#tokens && isToken ? this.#byToken(this.#tokens, secret, digest) : unauthenticated('unknown_key');
  }

  #byKey(secret: string, digest: Buffer, address: string | undefined): Principal | undefined {
    const found = this.#keys.find(digest);
    const isLetIn =
      found && (secret.length >= UNGUESSABLE || this.#seen.has(found) || this.#attempts.waitMs(address) === 0);
    return isLetIn ? found : undefined;
  }

  async #byToken(tokens: TokenCache, secret: string, digest: Buffer): Promise<Principal | Refusal> {
    try {
      return (await tokens.check(secret, digest)) ?? unauthenticated('invalid_token');
    } catch (error) {
      if (!(error instanceof KeysUnavailableError)) throw error;
      const why = (error.cause as Error | undefined)?.message;
      this.#throttle.add('jwks', 1, () => this.#options.log.warn(`auth.jwks_url: the keys cannot be had: ${why}`));
      return cannotTell;
    }
  }

  #take(principal: Principal): Quota | undefined {
    if (principal.rateLimit <= 0) return undefined;
    const limit = this.#limits.get(principal) ?? new RateLimit(principal.rateLimit, this.#options.monotonic);
    this.#limits.set(principal, limit);
    return limit.take();
  }

  #refuse(caller: Caller, refusal: Refusal, principal?: Principal): Refusal {
    const { reason } = refusal;
    const { address = 'an unknown address' } = caller;
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
    if (GUESSES.has(reason)) this.#attempts.add(caller.address);
    const who = principal ? { name: principal.name } : {};
    this.#throttle.add(reason, 1, (count) =>
      this.#options.log.warn('requests were not let in', { reason, count, address, ...who }),
    );
    return principal ? { ...refusal, principal } : refusal;
  }
}

/** The password of Basic, which browsers and scrapers send; the user name before it is ignored. */
function basicOf(authorization: string | undefined): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization ?? '')?.[1];
  const decoded = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('latin1');
  const colon = decoded.indexOf(':');
  return colon < 0 || colon === decoded.length - 1 ? undefined : decoded.slice(colon + 1);
}

function tokensOf({ settings, fetch, cooldownMs, now }: AuthOptions, nameOf: PersonNamer): TokenCache {
  const clock = now ? { now } : {};
  const verify = createTokenVerifier({
    settings,
    fetch,
    nameOf,
    ...clock,
    ...(cooldownMs === undefined ? {} : { cooldownMs }),
  });
  return new TokenCache({ verify, ...clock });
}
