import type { UserTokens } from '../../auth/users/user-tokens.ts';
import { DEFAULT_TTL_MS, MAX_TTL_MS } from '../../auth/users/user-tokens.ts';
import { parseDuration } from '../../kit/duration.ts';
import { isObject } from '../../kit/is-object.ts';
import { unknownFields } from '../../kit/json/unknown-fields.ts';
import { HubRefusal, unprocessable } from './hub-refusal.ts';
import { type HubRoute, hubRoute } from './hub-route.ts';

export interface TokenRoutesParts {
  readonly tokens: Pick<UserTokens, 'issue'>;
  /** Whether the app has such a person. */
  readonly isPerson: (app: string, user: string) => Promise<boolean>;
}

const SHORTEST_TTL_MS = 1000;

/** @returns milliseconds. @throws HubRefusal */
function ttlOf(body: unknown): number {
  if (body === undefined) return DEFAULT_TTL_MS;
  if (!isObject(body)) throw unprocessable({ path: '', reason: 'must be an object' });
  const unknown = unknownFields(body, ['ttl']);
  if (unknown.length > 0) throw unprocessable(...unknown);
  if (body.ttl === undefined) return DEFAULT_TTL_MS;
  const ttl = parseDuration(body.ttl);
  if (ttl !== undefined && ttl >= SHORTEST_TTL_MS && ttl <= MAX_TTL_MS) return ttl;
  throw unprocessable({ path: 'ttl', reason: 'must be a duration from 1 s to 24 h, such as 3600 or "1h"' });
}

/** Tokens for phones and browsers, of one person each. */
export const tokenRoutes = ({ tokens, isPerson }: TokenRoutesParts): readonly HubRoute[] => [
  hubRoute({
    method: 'POST',
    path: '/v1/users/{user}/tokens',
    scope: 'users',
    body: 'maybe',
    action: 'user.token',
    async handle({ app, params: { user }, body }) {
      const ttl = ttlOf(body);
      if (!(await isPerson(app, user))) throw new HubRefusal('not_found', 'there is no such person');
      const { token, expiresAt } = await tokens.issue(app, user, ttl);
      const headers = { 'Cache-Control': 'no-store' };
      return { status: 201, body: { token, expires_at: new Date(expiresAt).toISOString() }, headers };
    },
  }),
];
