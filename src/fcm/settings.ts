import { keyFingerprint, trySigning } from '../carrier/key-facts.ts';
import { keyFileTrouble } from '../carrier/key-file.ts';
import { retryNote } from '../carrier/migration-note.ts';
import type { CredentialFacts, Given, ProviderSettings, Surroundings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import { type FcmCredential, type GoogleEnvironment, hasFcmCredential, loadFcmCredential } from './credentials.ts';
import type { FcmSection } from './section.ts';

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
function ownCredential({ key_path = '', credential = '' }: Given<FcmSection>): FcmCredential | undefined {
  if (key_path === '' && credential === '') return undefined;
  try {
    return loadFcmCredential({ key_path, credential }, {});
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function factsOf(credential: FcmCredential): CredentialFacts {
  if (credential.type !== 'service_account')
    return { has_key: true, kind: 'authorized_user', project_id: credential.projectId };
  const { projectId, clientEmail, privateKey, privateKeyId } = credential;
  trySigning(privateKey, 'android.credential');
  return {
    has_key: true,
    kind: 'service_account',
    project_id: projectId,
    client_email: clientEmail,
    ...(privateKeyId ? { key_id: privateKeyId } : {}),
    fingerprint: keyFingerprint(privateKey),
  };
}

function describe(android: FcmSection, env: GoogleEnvironment): string {
  const loaded = loadFcmCredential(android, env);
  return `project ${loaded.projectId}, ${loaded.type}, ${android.endpoint}`;
}

/** Where the credential signs in. Its facts say why a credential cannot be read. */
function signInAddress(credential: string): string | undefined {
  const found = ownCredential({ credential });
  return found === undefined || found.type === 'metadata_server' ? undefined : found.tokenUri;
}

export const fcmSettings: ProviderSettings<FcmSection> = {
  identity: { whole: ['key_path', 'credential'], all: ['key_path', 'credential'] },
  missed: true,
  isGiven: hasFcmCredential,
  troubles,
  read: loadFcmCredential,
  describe,
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
        additionalProperties: { type: 'string' },
        description: 'The service account: its JSON as it is, as a text, or in base64.',
      },
    },
    normal: (section) =>
      typeof section.credential === 'object' ? { ...section, credential: JSON.stringify(section.credential) } : section,
    facts: ({ credential = '' }) =>
      credential === '' ? undefined : factsOf(loadFcmCredential({ key_path: '', credential }, {})),
    kinds: ['service_account', 'authorized_user'],
    addresses({ credential = '' }) {
      const url = credential === '' ? undefined : signInAddress(credential);
      return url === undefined ? [] : [{ key: 'credential', what: 'token_uri', url }];
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
