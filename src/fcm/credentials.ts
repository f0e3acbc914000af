import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../kit/errors.ts';
import { bareText, base64Bytes, privateKeyIn, textOfFile } from '../kit/pem.ts';
import {
  type CredentialFields,
  fieldMistake,
  objectIn,
  optionalText,
  requiredText,
  urlIn,
} from './sign-in/credential-fields.ts';
import {
  type ExternalAccount,
  type Impersonation,
  readExternalAccount,
  readImpersonation,
} from './sign-in/external-account.ts';

/** A key of a Google service account; signs in with assertions. */
export interface ServiceAccount {
  readonly type: 'service_account';
  readonly projectId: string;
  readonly clientEmail: string;
  readonly privateKey: KeyObject;
  readonly privateKeyId?: string;
  readonly tokenUri: string;
}

/** What `gcloud auth application-default login` leaves behind. */
export interface AuthorizedUser {
  readonly type: 'authorized_user';
  readonly projectId: string;
  readonly quotaProject?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUri: string;
}

/** The machine's own identity (Compute Engine, GKE, Cloud Run): its metadata server hands out tokens. */
export interface MetadataServer {
  readonly type: 'metadata_server';
  readonly projectId: string;
  /** `host[:port]`. */
  readonly host: string;
}

/** A service account that another credential may act as. */
export interface ImpersonatedAccount {
  readonly type: 'impersonated_service_account';
  readonly projectId: string;
  readonly quotaProject?: string;
  readonly impersonation: Impersonation;
  readonly source: ServiceAccount | AuthorizedUser | ExternalAccount;
}

export type FcmCredential = ServiceAccount | AuthorizedUser | ExternalAccount | ImpersonatedAccount | MetadataServer;

/** What of `android` in the configuration concerns credentials. */
export interface FcmCredentialConfig {
  readonly key_path: string;
  readonly credential: string;
  /** Whatever the credential says. Default: empty. */
  readonly project_id?: string | undefined;
}

/** The environment variables that Google's libraries read. */
export interface GoogleEnvironment {
  readonly GOOGLE_APPLICATION_CREDENTIALS?: string | undefined;
  readonly GOOGLE_CLOUD_PROJECT?: string | undefined;
  readonly GCLOUD_PROJECT?: string | undefined;
  readonly GCE_METADATA_HOST?: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Where Google's service accounts sign in. */
export const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const readText = (path: string): string => textOfFile(readFileSync(path));

/** True when there is something to load: without it, a platform that was not switched on explicitly stays off. */
export const hasFcmCredential = (config: FcmCredentialConfig, env: GoogleEnvironment): boolean =>
  Boolean(config.credential || config.key_path || env.GOOGLE_APPLICATION_CREDENTIALS || env.GCE_METADATA_HOST);

/**
 * The first of `android.credential` (JSON, or JSON in base64), `android.key_path`, the file that GOOGLE_APPLICATION_CREDENTIALS
 * names, and the metadata server that GCE_METADATA_HOST names. What is named but cannot be used is an error, never passed over.
 * @throws ConfigError that names the key tried; never with a secret in it.
 */
export function loadFcmCredential(
  config: FcmCredentialConfig,
  env: GoogleEnvironment,
  readFile: (path: string) => string = readText,
): FcmCredential {
  const projects = {
    setting: config.project_id ?? '',
    environment: env.GOOGLE_CLOUD_PROJECT || env.GCLOUD_PROJECT || '',
  };
  if (config.credential) return credentialIn('android.credential', inlineJson(config.credential), projects);
  const [key, path] = config.key_path
    ? ['android.key_path', config.key_path]
    : ['GOOGLE_APPLICATION_CREDENTIALS', env.GOOGLE_APPLICATION_CREDENTIALS];
  if (path) return credentialIn(key, fileJson(key, path, readFile), projects);
  const host = env.GCE_METADATA_HOST;
  if (!host) throw new ConfigError('', 'missing fcm credential data');
  return { type: 'metadata_server', host, projectId: projectOf({ key: 'GCE_METADATA_HOST', values: {} }, projects) };
}

function inlineJson(text: string): Fields {
  const fields = jsonObject(text) ?? jsonObject(base64Bytes(text)?.toString() ?? '');
  if (fields) return fields;
  throw new ConfigError('android.credential', 'neither JSON nor JSON in base64 (a path belongs into android.key_path)');
}

/** The key itself ends up where its path belongs, sooner or later: such a "path" must not be printed. */
const isContent = (path: string): boolean => path.length > 1024 || /[\n{]|-----BEGIN/.test(path);

function fileJson(key: string, path: string, readFile: (path: string) => string): Fields {
  if (isContent(path))
    throw new ConfigError(key, 'must be the path of a file; the JSON itself goes into android.credential');
  let text: string;
  try {
    text = readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const what = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? 'unknown error'})`;
    throw new ConfigError(key, `${what}: ${path}`, { cause });
  }
  const fields = jsonObject(text);
  if (!fields) throw new ConfigError(key, `not the JSON of a service account: ${path}`);
  return fields;
}

/** Line breaks within a text: an environment in which `\n` became one. JSON has none there. */
const BROKEN_TEXTS = /"(?:[^"\\]|\\[\s\S])*(?:"|$)/g;
const mended = (text: string): string =>
  text.replace(BROKEN_TEXTS, (word) => word.replaceAll('\r', '').replaceAll('\n', '\\n'));

/** JSON with what becomes of it on its way into a setting: quotes around it, itself a JSON text, line breaks in the key. */
function jsonObject(text: string): Fields | undefined {
  for (const candidate of [text.trim().replace(/^\uFEFF/, ''), bareText(text)])
    for (const spelling of [candidate, mended(candidate)]) {
      const value = parsed(spelling);
      const inner = typeof value === 'string' ? parsed(value) : value;
      if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) return inner as Fields;
    }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the project may be named, beside the credential itself. */
interface Projects {
  /** `android.project_id`. */
  readonly setting: string;
  readonly environment: string;
}

/** What the credentials of all types have. */
interface Common {
  readonly projectId: string;
  readonly quotaProject?: string;
}

const PROJECT = /^[A-Za-z0-9:._-]+$/;
const SOURCES = ['service_account', 'authorized_user', 'external_account'] as const;
const TYPES = [...SOURCES, 'impersonated_service_account'] as const;

function credentialIn(key: string, values: Fields, projects: Projects): FcmCredential {
  const fields: CredentialFields = { key, values };
  const type = typeIn(fields, TYPES);
  const quotaProject = optionalText(fields, 'quota_project_id');
  if (quotaProject !== undefined && !PROJECT.test(quotaProject))
    throw fieldMistake(fields, 'quota_project_id', 'is not a project id');
  const common = { projectId: projectOf(fields, projects), ...(quotaProject === undefined ? {} : { quotaProject }) };
  if (type !== 'impersonated_service_account') return signingIn(fields, type, common);
  const source = objectIn(fields, 'source_credentials');
  if (!source) throw fieldMistake(fields, 'source_credentials', 'is missing');
  return {
    type,
    ...common,
    impersonation: readImpersonation(fields),
    source: signingIn(source, typeIn(source, SOURCES), common),
  };
}

function typeIn<Type extends string>(fields: CredentialFields, types: readonly Type[]): Type {
  const { type } = fields.values;
  const known = types.find((each) => each === type);
  if (known !== undefined) return known;
  const found = typeof type === 'string' ? `"${type.slice(0, 40)}"` : 'none';
  const where = fields.within === undefined ? 'expected credential type' : `${fields.within}type must be`;
  throw new ConfigError(fields.key, `${where} ${types.map((each) => `"${each}"`).join(' or ')}, found ${found}`);
}

/** A credential that signs in by itself. */
function signingIn(
  fields: CredentialFields,
  type: (typeof SOURCES)[number],
  common: Common,
): ServiceAccount | AuthorizedUser | ExternalAccount {
  if (type === 'external_account') return readExternalAccount(fields, common);
  const tokenUri = urlIn(fields, 'token_uri', TOKEN_URI);
  if (type === 'authorized_user') {
    const oauth = { clientId: requiredText(fields, 'client_id'), clientSecret: requiredText(fields, 'client_secret') };
    return { type, ...common, ...oauth, refreshToken: requiredText(fields, 'refresh_token'), tokenUri };
  }
  const privateKeyId = optionalText(fields, 'private_key_id');
  return {
    type,
    projectId: common.projectId,
    clientEmail: requiredText(fields, 'client_email'),
    privateKey: rsaKey(fields, requiredText(fields, 'private_key')),
    ...(privateKeyId === undefined ? {} : { privateKeyId }),
    tokenUri,
  };
}

/** The project is a part of the path of every push. */
function projectOf(fields: CredentialFields, { setting, environment }: Projects): string {
  const { project_id: own, quota_project_id: quota } = fields.values;
  const projectId = [setting, own, environment, quota].find((each) => typeof each === 'string' && each !== '');
  if (projectId === undefined) {
    throw new ConfigError(
      fields.key,
      'project ID is required to access Firebase Cloud Messaging client: the credential has no project_id, and neither android.project_id nor GOOGLE_CLOUD_PROJECT is set',
    );
  }
  const isSetting = projectId === setting;
  if (!PROJECT.test(projectId as string))
    throw new ConfigError(isSetting ? 'android.project_id' : fields.key, `not a project id: ${projectId}`);
  return projectId as string;
}

function rsaKey(fields: CredentialFields, pem: string): KeyObject {
  let privateKey: KeyObject | undefined;
  try {
    privateKey = privateKeyIn(pem);
  } catch {
    // The cause may quote the key.
  }
  if (privateKey?.asymmetricKeyType === 'rsa') return privateKey;
  throw fieldMistake(fields, 'private_key', 'is not an RSA key in PEM');
}
