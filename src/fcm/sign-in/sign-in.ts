import { toError } from '../../kit/errors.ts';
import type { FcmCredential } from '../credentials.ts';
import { form } from './call.ts';
import type { ExternalAccount } from './external-account.ts';
import { type Grant, grantOf, unavailable } from './grant.ts';
import { impersonate } from './impersonate.ts';
import { assertionCall, metadataCall, refreshCall } from './own-calls.ts';
import { CLOUD_SCOPE, SCOPES } from './scopes.ts';
import { type SubjectSurroundings, subjectToken } from './subject-token.ts';

/** An access token for a credential. Never rejects: what brought no token says why, and that the pushes have not left. */
export async function signIn(credential: FcmCredential, around: SubjectSurroundings): Promise<Grant> {
  try {
    return await grantFor(credential, around);
  } catch (error) {
    return { outcome: unavailable(toError(error).message) };
  }
}

async function grantFor(credential: FcmCredential, around: SubjectSurroundings): Promise<Grant> {
  const { call, now } = around;
  switch (credential.type) {
    case 'service_account':
      return grantOf(await call(await assertionCall(credential, now)), now);
    case 'authorized_user':
      return grantOf(await call(refreshCall(credential)), now);
    case 'metadata_server':
      return grantOf(await call(metadataCall(credential)), now);
    case 'external_account': {
      const grant = await exchange(credential, around);
      const { impersonation } = credential;
      return impersonation && 'token' in grant ? impersonate(impersonation, grant.token, call, now) : grant;
    }
    case 'impersonated_service_account': {
      const grant = await grantFor(credential.source, around);
      return 'token' in grant ? impersonate(credential.impersonation, grant.token, call, now) : grant;
    }
  }
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** RFC 8693, at Google's Security Token Service. */
async function exchange(account: ExternalAccount, around: SubjectSurroundings): Promise<Grant> {
  const { audience, subjectTokenType, tokenUrl, impersonation, client, userProject } = account;
  const fields = {
    audience,
    grant_type: TOKEN_EXCHANGE,
    requested_token_type: ACCESS_TOKEN,
    scope: impersonation ? CLOUD_SCOPE : SCOPES.join(' '),
    subject_token: await subjectToken(account, around),
    subject_token_type: subjectTokenType,
    // The client says already whose project it is.
    ...(userProject !== undefined && !client ? { options: JSON.stringify({ userProject }) } : {}),
  };
  const basic = client && Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  const call = form(tokenUrl, fields, basic ? { authorization: `Basic ${basic}` } : {});
  return grantOf(await around.call(call), around.now);
}
