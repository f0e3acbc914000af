import { isObject } from '../../../kit/is-object.ts';
import type { JsonObject } from '../../../push/push.ts';

/** A provider's credential as the namespace API has it, over that of an app. */
export interface CredentialForm {
  /** The section of the app. */
  readonly platform: string;
  /** What is wrong, in the words of the original; undefined: nothing. */
  readonly fault: (given: JsonObject) => string | undefined;
  /** Settings of the app, without the section. */
  readonly settings?: (given: JsonObject) => JsonObject;
  readonly section: (given: JsonObject) => JsonObject;
  /** What is shown of the stored section: nothing secret. */
  readonly redacted: (section: JsonObject, settings: JsonObject) => JsonObject;
}

const ID = /^[A-Za-z0-9]{10}$/;
const text = (given: JsonObject, name: string): string => (typeof given[name] === 'string' ? given[name] : '');

const unknownOf = (given: JsonObject, known: readonly string[]): string | undefined => {
  const name = Object.keys(given).find((each) => !known.includes(each));
  return name === undefined ? undefined : `unknown field ${name.slice(0, 64)}; there are ${known.join(', ')}`;
};

function apnsFault(given: JsonObject): string | undefined {
  const environment = text(given, 'environment');
  if (!ID.test(text(given, 'team_id'))) return 'team_id must be 10 letters and digits';
  if (!ID.test(text(given, 'key_id'))) return 'key_id must be 10 letters and digits';
  if (!text(given, 'bundle_id').includes('.')) return 'bundle_id must be a bundle id, with a dot';
  if (!text(given, 'p8_key').includes('-----BEGIN PRIVATE KEY-----')) return 'p8_key must be a PEM private key';
  if (environment !== 'sandbox' && environment !== 'production') return 'environment must be sandbox or production';
  return unknownOf(given, ['team_id', 'key_id', 'bundle_id', 'p8_key', 'environment']);
}

const apns: CredentialForm = {
  platform: 'ios',
  fault: apnsFault,
  settings: (given) => ({ default_topic: text(given, 'bundle_id') }),
  section: (given) => ({
    key_base64: Buffer.from(text(given, 'p8_key')).toString('base64'),
    key_type: 'p8',
    key_id: text(given, 'key_id'),
    team_id: text(given, 'team_id'),
    production: text(given, 'environment') === 'production',
  }),
  redacted: ({ team_id, key_id, production, has_key, fingerprint }, { default_topic }) => ({
    ...{ team_id, key_id, bundle_id: default_topic, environment: production === true ? 'production' : 'sandbox' },
    ...{ has_p8_key: has_key === true, fingerprint },
  }),
};

/** Per-user topics are not made here: each device registers its own, so `topic_mode` and `topic_secret` would do nothing. */
const ntfy: CredentialForm = {
  platform: 'ntfy',
  fault(given) {
    const url = text(given, 'base_url');
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return 'base_url must be an http:// or https:// URL';
    return unknownOf(given, ['base_url', 'auth_token']);
  },
  section: (given) => ({
    endpoint: text(given, 'base_url'),
    ...(text(given, 'auth_token') === '' ? {} : { token: text(given, 'auth_token') }),
  }),
  redacted: ({ endpoint, kind }) => ({ base_url: endpoint, has_auth_token: kind === 'access token' }),
};

const expo: CredentialForm = {
  platform: 'expo',
  fault: (given) =>
    text(given, 'access_token') === '' ? 'access_token is required' : unknownOf(given, ['access_token']),
  section: (given) => ({ access_token: text(given, 'access_token') }),
  redacted: ({ has_key }) => ({ has_access_token: has_key === true }),
};

const SERVICE_ACCOUNT = ['project_id', 'client_email', 'private_key'];

const fcm: CredentialForm = {
  platform: 'android',
  fault(given) {
    const missing = SERVICE_ACCOUNT.find((name) => text(given, name) === '');
    return missing === undefined ? undefined : `${missing} is required: send the JSON of a service account`;
  },
  section: (given) => ({ credential: given }),
  redacted: ({ has_key, project_id, fingerprint, client_email }) => ({
    ...{ project_id, client_email, fingerprint, has_private_key: has_key === true },
  }),
};

const FORMS: Readonly<Record<string, CredentialForm>> = { apns, expo, fcm, ntfy };

/** By name, sorted. */
export const SUPPORTED: readonly string[] = Object.keys(FORMS);

export const formOf = (provider: string): CredentialForm | undefined =>
  Object.hasOwn(FORMS, provider) ? FORMS[provider] : undefined;

/** The section of an app as `/v1/apps` shows it; undefined when it has no credential of its own. */
export function credentialIn(
  view: Readonly<Record<string, unknown>> | undefined,
  { platform }: CredentialForm,
): JsonObject | undefined {
  const section = view?.[platform];
  return isObject(section) && section.has_key === true ? (section as JsonObject) : undefined;
}
