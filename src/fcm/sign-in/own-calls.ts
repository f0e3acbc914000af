import { late } from '../../kit/late.ts';
import type { AuthorizedUser, MetadataServer, ServiceAccount } from '../credentials.ts';
import { form, type SignInCall } from './call.ts';
import { SCOPES } from './scopes.ts';

/** With the first signature: a relay that starts should not wait for it. */
const jose = late('jose', () => import('jose'));

const LIFETIME = 3600;

/** RFC 7523. Signed ten seconds in the past, as Google's client does: clocks differ. @param now UNIX milliseconds */
export async function assertionCall(account: ServiceAccount, now: () => number): Promise<SignInCall> {
  const issuedAt = Math.floor(now() / 1000) - 10;
  const { SignJWT } = await jose();
  const assertion = await new SignJWT({ scope: SCOPES.join(' ') })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.privateKeyId ? { kid: account.privateKeyId } : {}) })
    .setIssuer(account.clientEmail)
    .setAudience(account.tokenUri)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME)
    .sign(account.privateKey);
  return form(account.tokenUri, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
}

export const refreshCall = (user: AuthorizedUser): SignInCall =>
  form(user.tokenUri, {
    grant_type: 'refresh_token',
    refresh_token: user.refreshToken,
    client_id: user.clientId,
    client_secret: user.clientSecret,
  });

export const metadataCall = ({ host }: MetadataServer): SignInCall => ({
  method: 'GET',
  url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(SCOPES.join(','))}`,
  headers: { 'metadata-flavor': 'Google' },
  body: null,
});
