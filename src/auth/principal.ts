/** What a caller may do; `admin` may do everything. */
export type Scope = 'push' | 'read' | 'users' | 'admin';

export const SCOPES: readonly Scope[] = ['push', 'read', 'users', 'admin'];

/** The person whose phone or browser calls, with a token that is for nothing but what is that person's own. */
export interface PrincipalUser {
  readonly app: string;
  readonly id: string;
  /** UNIX milliseconds. */
  readonly issuedAt: number;
}

/** The authenticated sender of a request. */
export interface Principal {
  /** Of the key or certificate in the configuration, or the subject of a token: what logs call it. */
  readonly name: string;
  readonly kind: 'key' | 'token' | 'certificate' | 'user';
  readonly scopes: ReadonlySet<Scope>;
  /** Undefined: all apps. */
  readonly apps: ReadonlySet<string> | undefined;
  /** Requests per second; 0: no limit. */
  readonly rateLimit: number;
  /** When a token ends, UNIX milliseconds; undefined: the right has no end. */
  readonly expiresAt?: number | undefined;
  /** For `user`: who that is. Such a caller has no scopes. */
  readonly user?: PrincipalUser;
}

export const mayDo = ({ scopes }: Principal, scope: Scope): boolean => scopes.has(scope) || scopes.has('admin');

/** The settings that keys and certificates have alike. */
export interface Access {
  readonly scopes: readonly Scope[];
  readonly apps: readonly string[];
  readonly rate_limit: number;
}

/** Apps are known by their names in lower case, however they are written. */
export const appNames = (names: readonly string[]): ReadonlySet<string> =>
  new Set(names.map((name) => name.toLowerCase()));

export const principalOf = (kind: Principal['kind'], name: string, access: Access): Principal => ({
  kind,
  name,
  scopes: new Set(access.scopes),
  apps: access.apps.length > 0 ? appNames(access.apps) : undefined,
  rateLimit: access.rate_limit,
});
