import { jsonObjectIn } from '../../kit/http/answer-form.ts';
import type { Call } from './call.ts';
import type { Impersonation } from './external-account.ts';
import { type Grant, isToken, refusalIn, unavailable } from './grant.ts';
import { SCOPES } from './scopes.ts';

/**
 * A token of a service account, for one that may act as it:
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
 * @param token of the one who acts. @param now UNIX milliseconds
 */
export async function impersonate(
  { url, lifetime, delegates }: Impersonation,
  token: string,
  call: Call,
  now: () => number,
): Promise<Grant> {
  const answer = await call({
    method: 'POST',
    url,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...(delegates.length > 0 ? { delegates } : {}),
      lifetime: `${lifetime}s`,
      scope: SCOPES,
    }),
  });
  const refusal = refusalIn(answer, 'cannot act as the service account', now);
  if (refusal) return refusal;
  const { accessToken, expireTime } = jsonObjectIn(answer.text) ?? {};
  const endsAt = Date.parse(String(expireTime));
  if (isToken(accessToken) && Number.isFinite(endsAt))
    return { token: accessToken, expiresIn: Math.max(0, (endsAt - now()) / 1000) };
  return { outcome: unavailable('the answer of generateAccessToken holds no accessToken with an expireTime') };
}
