import { keyFingerprint, trySigning } from '../carrier/key-facts.ts';
import { keyFileTrouble } from '../carrier/key-file.ts';
import { retryNote } from '../carrier/migration-note.ts';
import type { CredentialFacts, Given, ProviderSettings, Surroundings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import { type FcmCredential, type GoogleEnvironment, hasFcmCredential, loadFcmCredential } from './credentials.ts';
import type { FcmSection } from './section.ts';
import { refuseForeign, signInAddresses } from './sign-in/addresses.ts';
import { impersonatedAddress } from './sign-in/external-account.ts';
import { signInWords } from './sign-in/words.ts';

const GOOGLE = 'GOOGLE_APPLICATION_CREDENTIALS';

function troubles(android: FcmSection, { cwd, env }: Surroundings): SettingsTrouble[] {
  const path = android.key_path || env[GOOGLE] || '';
  // The metadata server is the machine's own identity, which needs no key.
  if (android.credential !== '' || (path === '' && env.GCE_METADATA_HOST)) return [];
  if (path === '') {
    const text = 'missing fcm credential data';
    const advice = `give android.key_path, android.credential or ${GOOGLE}`;
    return [{ key: 'android.key_path', text, sendLog: `FCM server error: ${text}`, advice }];
  }
  const text = keyFileTrouble(cwd, path, 'android.credential');
  return text ? [{ key: android.key_path !== '' ? 'android.key_path' : GOOGLE, text }] : [];
}

/** A credential of the settings themselves; undefined when there is none, or none that can be read. */
function ownCredential({ key_path = '', credential = '', project_id }: Given<FcmSection>): FcmCredential | undefined {
  if (key_path === '' && credential === '') return undefined;
  try {
    return loadFcmCredential({ key_path, credential, project_id }, {});
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function factsOf(credential: FcmCredential): CredentialFacts {
  const { type: kind, projectId: project_id } = credential;
  if (kind === 'impersonated_service_account') {
    const address = impersonatedAddress(credential.impersonation);
    const { source } = credential;
    if (source.type === 'service_account') trySigning(source.privateKey, 'android.credential');
    return { has_key: true, kind, project_id, ...(address === undefined ? {} : { client_email: address }) };
  }
  if (kind !== 'service_account') return { has_key: true, kind, project_id };
  const { clientEmail, privateKey, privateKeyId } = credential;
  trySigning(privateKey, 'android.credential');
  return {
    has_key: true,
    kind,
    project_id,
    client_email: clientEmail,
    ...(privateKeyId ? { key_id: privateKeyId } : {}),
    fingerprint: keyFingerprint(privateKey),
  };
}

function describe(android: FcmSection, env: GoogleEnvironment): string {
  const loaded = loadFcmCredential(android, env);
  return `project ${loaded.projectId}, ${signInWords(loaded)}, ${android.endpoint}`;
}

function names(android: FcmSection, env: GoogleEnvironment): Record<string, string> {
  const loaded = loadFcmCredential(android, env);
  const { projectId: project_id } = loaded;
  switch (loaded.type) {
    case 'service_account':
      return {
        project_id,
        client_email: loaded.clientEmail,
        ...(loaded.privateKeyId ? { key_id: loaded.privateKeyId } : {}),
      };
    case 'impersonated_service_account':
      return { project_id, client_email: impersonatedAddress(loaded.impersonation) ?? loaded.type };
    case 'external_account':
      return { project_id, audience: loaded.audience };
    default:
      return { project_id, kind: loaded.type };
  }
}

/** Of a caller of /v1/apps. @throws ConfigError naming the key */
function storedFacts({ credential = '', project_id = '' }: Given<FcmSection>): CredentialFacts | undefined {
  if (credential === '' && project_id === '') return undefined;
  // Otherwise the default's credential would send for a project of the caller's choice.
  if (credential === '') throw new ConfigError('android.credential', 'must be given with android.project_id');
  const loaded = loadFcmCredential({ key_path: '', credential, project_id }, {});
  refuseForeign(loaded);
  return factsOf(loaded);
}

export const fcmSettings: ProviderSettings<FcmSection> = {
  identity: { whole: ['key_path', 'credential', 'project_id'], all: ['key_path', 'credential', 'project_id'] },
  missed: true,
  isGiven: hasFcmCredential,
  troubles,
  read: loadFcmCredential,
  describe,
  names,
  files({ key_path, credential }, env) {
    const path = credential ? '' : key_path || env[GOOGLE] || '';
    return path === '' ? [] : [path];
  },
  chosenAs: (section) => ownCredential(section)?.projectId,
  stored: {
    refused: {
      key_path: 'a file cannot be named here; send what is in it as credential',
      endpoint: 'is set in config.yml only',
    },
    json: {
      credential: {
        type: ['string', 'object'],
        additionalProperties: true,
        description:
          'The service account, or another credential of Google: its JSON as it is, as a text, or in base64.',
      },
    },
    normal: (section) =>
      typeof section.credential === 'object' ? { ...section, credential: JSON.stringify(section.credential) } : section,
    facts: storedFacts,
    kinds: ['service_account', 'authorized_user', 'impersonated_service_account'],
    addresses(section) {
      const found = ownCredential({ ...section, key_path: '' });
      return found ? signInAddresses(found).map(({ field, url }) => ({ key: 'credential', what: field, url })) : [];
    },
  },
  notes: [
    retryNote(', but for one retry of a 503 or a lost connection (Gorush: four) and one after a renewed access token'),
    {
      key: 'enabled',
      text: ({ enabled }) =>
        enabled
          ? 'requests with `dry_run: true` are only validated by FCM, where Gorush really sent them: look whether a client sets it'
          : undefined,
    },
  ],
};
