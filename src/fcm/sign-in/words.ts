import { existsSync } from 'node:fs';
import type { FcmCredential } from '../credentials.ts';
import { impersonatedAddress, type SubjectSource } from './external-account.ts';

const sourceWords = (source: SubjectSource): string => {
  if (source.type === 'aws') return 'keys of AWS';
  if (source.type === 'url') return URL.parse(source.url)?.origin ?? 'a URL';
  // It may be there in the container alone, and is no mistake.
  return existsSync(source.file) ? source.file : `${source.file}, which is not there now`;
};

/** How a credential signs in, for `martlet check`: `external_account (token from /token, acts as a@b.iam.gserviceaccount.com)`. */
export function signInWords(credential: FcmCredential): string {
  switch (credential.type) {
    case 'external_account': {
      const { source, impersonation } = credential;
      const address = impersonation && impersonatedAddress(impersonation);
      const acting = impersonation ? `, acts as ${address ?? 'a service account'}` : '';
      return `external_account (token from ${sourceWords(source)}${acting})`;
    }
    case 'impersonated_service_account': {
      const address = impersonatedAddress(credential.impersonation) ?? 'a service account';
      return `impersonated_service_account (${signInWords(credential.source)}, acts as ${address})`;
    }
    default:
      return credential.type;
  }
}
