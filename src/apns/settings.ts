import { createPrivateKey, X509Certificate } from 'node:crypto';
import { extname } from 'node:path';
import { keyFingerprint, refuseSlowKey, sha256Hex, trySigning } from '../carrier/key-facts.ts';
import { keyFileTrouble } from '../carrier/key-file.ts';
import { retryNote } from '../carrier/migration-note.ts';
import type { CredentialFacts, Given, ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import { type ApnsCredential, type ApnsCredentialConfig, loadApnsCredential } from './credentials.ts';
import type { ApnsSection } from './section.ts';
import { refuseSlowPassword } from './slow-password.ts';
import { createApnsTokenSource } from './token.ts';

const whole = (section: Given<ApnsSection>): ApnsCredentialConfig => ({
  key_path: section.key_path ?? '',
  key_base64: section.key_base64 ?? '',
  key_type: section.key_type ?? 'pem',
  password: section.password ?? '',
  key_id: section.key_id ?? '',
  team_id: section.team_id ?? '',
});

const isP8 = ({ key_path, key_type }: ApnsSection): boolean =>
  key_path !== '' ? extname(key_path) === '.p8' : key_type === 'p8';

const NO_KEY: SettingsTrouble = {
  key: 'ios.key_path',
  text: 'missing iOS certificate key',
  advice: 'give a .p8, .p12 or .pem file, or ios.key_base64',
};

function troubles(ios: ApnsSection, cwd: string): SettingsTrouble[] {
  if (ios.key_path === '' && ios.key_base64 === '') return [NO_KEY];
  if (ios.key_path !== '') {
    const headline = keyFileTrouble(cwd, ios.key_path, 'ios.key_base64');
    if (headline) return [{ key: 'ios.key_path', text: 'certificate file does not exist', headline }];
  }
  const found: SettingsTrouble[] = [];
  const wrong = (key: string, text: string, advice: string) =>
    found.push({ key, text, logged: `Cert Error:${text}`, advice });
  if (ios.key_path !== '' && !['.p8', '.p12', '.pem'].includes(extname(ios.key_path)))
    wrong('ios.key_path', 'wrong certificate key extension', 'must be .p8, .p12 or .pem');
  if (ios.key_path === '' && !['p8', 'p12', 'pem'].includes(ios.key_type))
    wrong('ios.key_type', 'wrong certificate key type', 'must be p8, p12 or pem');
  for (const name of ['key_id', 'team_id'] as const)
    if (isP8(ios) && ios[name] === '') {
      const text = 'you should provide ios.KeyID and ios.TeamID for p8 token';
      found.push({
        key: `ios.${name}`,
        text,
        logged: `Transport Error:${text}`,
        advice: 'must be given with a .p8 key',
      });
    }
  return found;
}

/** Parses the key and signs with it; what is right in form may still be unknown to Apple. */
async function describe(ios: ApnsSection): Promise<string> {
  const loaded = loadApnsCredential(ios);
  const host = ios.production ? ios.endpoint : ios.sandbox_endpoint;
  if (loaded.kind === 'certificate') return `certificate until ${new Date(loaded.notAfter).toISOString()}, ${host}`;
  await createApnsTokenSource(loaded).get();
  return `token key ${loaded.keyId} of team ${loaded.teamId}, signs, ${host}`;
}

function names(ios: ApnsSection): Record<string, string> {
  const loaded = loadApnsCredential(ios);
  if (loaded.kind === 'token') return { key_id: loaded.keyId, team_id: loaded.teamId };
  return { fingerprint: sha256Hex(new X509Certificate(loaded.cert).raw) };
}

function expiresAt(section: Given<ApnsSection>): number | undefined {
  if (!section.key_path && !section.key_base64) return undefined;
  try {
    const credential = loadApnsCredential(whole(section));
    return credential.kind === 'certificate' ? credential.notAfter : undefined;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function factsOf(credential: ApnsCredential): CredentialFacts {
  if (credential.kind === 'token') {
    const { key, keyId, teamId } = credential;
    trySigning(key, 'ios.key_base64');
    return { has_key: true, kind: 'token', key_id: keyId, team_id: teamId, fingerprint: keyFingerprint(key) };
  }
  refuseSlowKey(createPrivateKey(credential.key), 'ios.key_base64');
  const not_after = new Date(credential.notAfter).toISOString();
  return {
    has_key: true,
    kind: 'certificate',
    fingerprint: sha256Hex(new X509Certificate(credential.cert).raw),
    not_after,
  };
}

/** The type of a key that was sent without one: Apple gives `.p8` keys, and p12 is no text. */
function keyType(base64: string): 'p8' | 'pem' | 'p12' {
  const text = Buffer.from(base64, 'base64').toString('latin1').trimStart();
  if (!text.startsWith('-----BEGIN')) return 'p12';
  return text.includes('-----BEGIN CERTIFICATE-----') ? 'pem' : 'p8';
}

const A_FILE = 'a file cannot be named here; send what is in it, in base64, as key_base64';
const OPERATOR = 'is set in config.yml only';

export const apnsSettings: ProviderSettings<ApnsSection> = {
  identity: {
    whole: ['key_path', 'key_base64'],
    all: ['key_path', 'key_base64', 'key_type', 'password', 'key_id', 'team_id'],
  },
  isGiven: ({ key_path, key_base64 }) => key_path !== '' || key_base64 !== '',
  troubles: (section, { cwd }) => troubles(section, cwd),
  read: (section) => loadApnsCredential(section),
  describe,
  names,
  address: (ios, environment) => (environment === 'production' ? ios.endpoint : ios.sandbox_endpoint),
  files: ({ key_path }) => (key_path ? [key_path] : []),
  expiresAt,
  stored: {
    refused: { key_path: A_FILE, endpoint: OPERATOR, sandbox_endpoint: OPERATOR },
    json: { key_type: { enum: ['p8', 'pem', 'p12'] } },
    normal: (section) =>
      typeof section.key_base64 === 'string' && section.key_base64 !== '' && section.key_type === undefined
        ? { ...section, key_type: keyType(section.key_base64) }
        : section,
    patch: (section) =>
      section.key_base64 && section.key_type === undefined ? { ...section, key_type: null } : section,
    facts(section) {
      if (!section.key_base64) return undefined;
      const config = whole({ ...section, key_path: '' });
      refuseSlowPassword(config);
      return factsOf(loadApnsCredential(config));
    },
    kinds: ['token', 'certificate'],
    expiring: 'key_base64',
  },
  notes: [
    {
      key: 'max_concurrent_pushes',
      text: (_, isSet) =>
        isSet('max_concurrent_pushes')
          ? 'is the largest slice of one notification that goes out before others have their turn; it does not limit pushes'
          : undefined,
    },
    retryNote(),
  ],
};
