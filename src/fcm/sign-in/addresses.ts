import { ConfigError } from '../../kit/errors.ts';
import { type FcmCredential, TOKEN_URI } from '../credentials.ts';

/** An address that a credential makes the relay call, under the name of its field. */
export interface SignInAddress {
  readonly field: string;
  readonly url: string;
}

/** Google's own, where service accounts act for others. */
const IAM_ORIGIN = 'https://iamcredentials.googleapis.com';

const usesMachine = (credential: FcmCredential): boolean =>
  credential.type === 'external_account' ||
  credential.type === 'metadata_server' ||
  (credential.type === 'impersonated_service_account' && usesMachine(credential.source));

/**
 * A credential from a caller of /v1/apps may not have the relay read files, variables or metadata servers of its machine and send
 * what is there to an address of that caller's choice. @throws ConfigError
 */
export function refuseForeign(credential: FcmCredential): void {
  if (!usesMachine(credential)) return;
  const text = 'an external_account reads files and metadata of this machine: it can be used in config.yml only';
  throw new ConfigError('android.credential', text);
}

/** Where a credential signs in that may come from a caller. */
export function signInAddresses(credential: FcmCredential): readonly SignInAddress[] {
  switch (credential.type) {
    case 'metadata_server':
    case 'external_account':
      return [];
    case 'impersonated_service_account':
      return [
        { field: 'service_account_impersonation_url', url: credential.impersonation.url },
        ...signInAddresses(credential.source).map(({ field, url }) => ({ field: `source_credentials.${field}`, url })),
      ];
    default:
      return [{ field: 'token_uri', url: credential.tokenUri }];
  }
}

/** True when the sign-in leads to Google's own addresses and nowhere else. */
export const callsGoogleOnly = (credential: FcmCredential): boolean =>
  !usesMachine(credential) &&
  signInAddresses(credential).every(({ url }) => url === TOKEN_URI || URL.parse(url)?.origin === IAM_ORIGIN);
