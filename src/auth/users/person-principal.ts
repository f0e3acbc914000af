import type { Principal, PrincipalUser } from '../principal.ts';

const MAX_NAME = 200;

/** A person who calls with a token: without any scope, in one app. */
export const personPrincipal = (user: PrincipalUser): Principal => ({
  kind: 'user',
  name: `user:${user.id.slice(0, MAX_NAME)}`,
  scopes: new Set(),
  apps: new Set([user.app]),
  rateLimit: 0,
  user,
});
