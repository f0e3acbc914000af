import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { type ApnsCredential, loadApnsCredential } from '../../apns/credentials.ts';
import type { CredentialFacts } from '../../carrier/provider-row.ts';
import type { AppSettings } from '../../config/schema.ts';
import { type FcmCredential, loadFcmCredential } from '../../fcm/credentials.ts';
import { ConfigError } from '../../kit/errors.ts';
import { refuseSlowKey, refuseSlowPassword } from './slow-keys.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const publicPrint = (key: KeyObject): string => sha256(createPublicKey(key).export({ type: 'spki', format: 'der' }));

/** A key that can be read may be one that cannot sign what is needed, an RSA key of 512 bits, or takes minutes for it. */
function trySigning(key: KeyObject, field: string): void {
  refuseSlowKey(key.export({ type: 'pkcs8', format: 'der' }), field);
  try {
    sign('sha256', Buffer.from('martlet'), key);
  } catch {
    throw new ConfigError(`${field}: the key cannot sign with SHA-256`);
  }
}

function apnsFacts(credential: ApnsCredential): CredentialFacts {
  if (credential.kind === 'token') {
    const { key, keyId, teamId } = credential;
    trySigning(key, 'ios.key_base64');
    return { has_key: true, kind: 'token', key_id: keyId, team_id: teamId, fingerprint: publicPrint(key) };
  }
  refuseSlowKey(createPrivateKey(credential.key).export({ type: 'pkcs8', format: 'der' }), 'ios.key_base64');
  const not_after = new Date(credential.notAfter).toISOString();
  const fingerprint = sha256(new X509Certificate(credential.cert).raw);
  return { has_key: true, kind: 'certificate', fingerprint, not_after };
}

function fcmFacts(credential: FcmCredential): CredentialFacts {
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
    fingerprint: publicPrint(privateKey),
  };
}

const needsText = (value: string | undefined, field: string): string => {
  if (value) return value;
  throw new ConfigError(`${field}: must be given`);
};

/** Of each platform: whether its settings hold a credential, and what may be told of it. */
const readers = {
  ios({ ios }: AppSettings) {
    if (!ios?.key_base64) return undefined;
    const { key_base64, key_type = 'pem', password = '', key_id = '', team_id = '' } = ios;
    refuseSlowPassword({ ...ios, key_type });
    return apnsFacts(loadApnsCredential({ key_path: '', key_base64, key_type, password, key_id, team_id }));
  },
  android({ android }: AppSettings) {
    if (!android?.credential) return undefined;
    return fcmFacts(loadFcmCredential({ key_path: '', credential: android.credential }, {}));
  },
  huawei({ huawei }: AppSettings): CredentialFacts | undefined {
    if (!huawei?.appid && !huawei?.appsecret) return undefined;
    needsText(huawei.appsecret, 'huawei.appsecret');
    return { has_key: true, kind: 'client_secret', appid: needsText(huawei.appid, 'huawei.appid') };
  },
};

/**
 * Reads the credential of a platform and tries to sign with it; undefined when the settings hold none.
 * @throws ConfigError naming the field, without a secret
 */
export const credentialFacts = (
  settings: AppSettings,
  platform: 'ios' | 'android' | 'huawei',
): CredentialFacts | undefined => readers[platform](settings);
