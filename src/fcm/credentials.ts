import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../kit/errors.ts';
import { bareText, base64Bytes, privateKeyIn, textOfFile } from '../kit/pem.ts';

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

export type FcmCredential = ServiceAccount | AuthorizedUser | MetadataServer;

/** What of `android` in the configuration concerns credentials. */
export interface FcmCredentialConfig {
  readonly key_path: string;
  readonly credential: string;
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
  const project = env.GOOGLE_CLOUD_PROJECT || env.GCLOUD_PROJECT || '';
  if (config.credential) return fromFields('android.credential', inlineJson(config.credential), project);
  const [key, path] = config.key_path
    ? ['android.key_path', config.key_path]
    : ['GOOGLE_APPLICATION_CREDENTIALS', env.GOOGLE_APPLICATION_CREDENTIALS];
  if (path) return fromFields(key, fileJson(key, path, readFile), project);
  const host = env.GCE_METADATA_HOST;
  if (!host) throw new ConfigError('', 'missing fcm credential data');
  return { type: 'metadata_server', host, projectId: requireProject('GCE_METADATA_HOST', undefined, project) };
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

function fromFields(key: string, fields: Fields, project: string): FcmCredential {
  const type = fields.type;
  if (type !== 'service_account' && type !== 'authorized_user') {
    const found = typeof type === 'string' ? `"${type.slice(0, 40)}"` : 'none';
    throw new ConfigError(key, `expected credential type "service_account" or "authorized_user", found ${found}`);
  }
  const projectId = requireProject(key, fields.project_id, project);
  const tokenUri = tokenUriOf(key, fields.token_uri);
  const field = (name: string): string => requireText(key, fields, name);
  if (type === 'authorized_user') {
    const oauth = { clientId: field('client_id'), clientSecret: field('client_secret') };
    return { type, projectId, ...oauth, refreshToken: field('refresh_token'), tokenUri };
  }
  const keyId = fields.private_key_id;
  return {
    type,
    projectId,
    clientEmail: field('client_email'),
    privateKey: rsaKey(key, field('private_key')),
    ...(typeof keyId === 'string' && keyId ? { privateKeyId: keyId } : {}),
    tokenUri,
  };
}

function requireText(key: string, fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new ConfigError(key, `the credential has no ${name}`);
}

/** The project is a part of the path of every push. */
function requireProject(key: string, own: unknown, fromEnvironment: string): string {
  const projectId = typeof own === 'string' && own !== '' ? own : fromEnvironment;
  if (projectId === '') {
    throw new ConfigError(
      key,
      'project ID is required to access Firebase Cloud Messaging client: the credential has no project_id, and GOOGLE_CLOUD_PROJECT is not set',
    );
  }
  if (!/^[A-Za-z0-9:._-]+$/.test(projectId)) throw new ConfigError(key, `not a project id: ${projectId}`);
  return projectId;
}

function tokenUriOf(key: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return TOKEN_URI;
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return value as string;
  throw new ConfigError(key, `token_uri is not a URL: ${String(value)}`);
}

function rsaKey(key: string, pem: string): KeyObject {
  let privateKey: KeyObject | undefined;
  try {
    privateKey = privateKeyIn(pem);
  } catch {
    // The cause may quote the key.
  }
  if (privateKey?.asymmetricKeyType === 'rsa') return privateKey;
  throw new ConfigError(key, 'private_key is not an RSA key in PEM');
}
