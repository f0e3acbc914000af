import type { Principal, PrincipalUser } from '../principal.ts';

/** What logs call a person: never the id. */
export type PersonNamer = (user: Pick<PrincipalUser, 'app' | 'id'>) => string;

/** Where there is no key to hash the id with. */
export const UNNAMED = 'user';

/** A person who calls with a token: without any scope, in one app. */
export const personPrincipal = (user: PrincipalUser, nameOf: PersonNamer = () => UNNAMED): Principal => ({
  kind: 'user',
  name: nameOf(user),
  scopes: new Set(),
  apps: new Set([user.app]),
  rateLimit: 0,
  user,
});
