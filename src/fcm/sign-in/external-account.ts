/**
 * Credentials of another identity provider's making (workload identity federation): a token of that provider is exchanged for one
 * of Google's. The form: https://google.aip.dev/auth/4117, and golang.org/x/oauth2/google/externalaccount, which Gorush uses.
 */
import {
  type CredentialFields,
  fieldMistake,
  objectIn,
  optionalText,
  requiredText,
  urlIn,
} from './credential-fields.ts';

/** How the token lies in a file or an answer. */
export type TokenFormat = { readonly type: 'text' } | { readonly type: 'json'; readonly field: string };

/** Where the other provider's token is. */
export type SubjectSource =
  | { readonly type: 'file'; readonly file: string; readonly format: TokenFormat }
  | {
      readonly type: 'url';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly format: TokenFormat;
    }
  | {
      /** The "token" is a request to AWS, signed with the machine's role or the keys of the environment. */
      readonly type: 'aws';
      /** Where the metadata server says which role the machine has. */
      readonly roleUrl?: string | undefined;
      readonly regionUrl?: string | undefined;
      /** IMDSv2: where a session of the metadata server begins. */
      readonly sessionUrl?: string | undefined;
      /** With `{region}` in it. */
      readonly verificationUrl: string;
    };

/** Acting as a service account: `…/serviceAccounts/<address>:generateAccessToken`. */
export interface Impersonation {
  readonly url: string;
  /** Seconds for which a token is asked. */
  readonly lifetime: number;
  /** Service accounts over which the right is passed on, first to last. */
  readonly delegates: readonly string[];
}

export interface ExternalAccount {
  readonly type: 'external_account';
  readonly projectId: string;
  readonly quotaProject?: string;
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: string;
  readonly source: SubjectSource;
  readonly impersonation?: Impersonation;
  /** Says who asks, by HTTP Basic. */
  readonly client?: { readonly id: string; readonly secret: string };
  /** Of a workforce pool. */
  readonly userProject?: string;
}

export const STS_URL = 'https://sts.googleapis.com/v1/token';
const VERIFICATION_URL = 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15';

/** Seconds. https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
export const LIFETIME = 3600;
const SHORTEST = 600;
const LONGEST = 43_200;

/** The address in the URL; undefined when it has another form. */
export const impersonatedAddress = ({ url }: Impersonation): string | undefined =>
  /\/serviceAccounts\/([^/:?#]+):generateAccessToken$/.exec(url)?.[1];

/** @throws ConfigError naming the field */
export function readExternalAccount(
  fields: CredentialFields,
  common: { readonly projectId: string; readonly quotaProject?: string },
): ExternalAccount {
  const audience = requiredText(fields, 'audience');
  const userProject = optionalText(fields, 'workforce_pool_user_project');
  if (userProject !== undefined && !/^\/\/iam\.googleapis\.com\/locations\/[^/]+\/workforcePools\//.test(audience))
    throw fieldMistake(fields, 'workforce_pool_user_project', 'is for an audience of a workforce pool only');
  const id = optionalText(fields, 'client_id');
  const impersonated = optionalText(fields, 'service_account_impersonation_url') !== undefined;
  return {
    type: 'external_account',
    ...common,
    audience,
    subjectTokenType: requiredText(fields, 'subject_token_type'),
    tokenUrl: urlIn(fields, 'token_url', STS_URL),
    source: sourceOf(fields),
    ...(impersonated ? { impersonation: readImpersonation(fields) } : {}),
    ...(id === undefined ? {} : { client: { id, secret: optionalText(fields, 'client_secret') ?? '' } }),
    ...(userProject === undefined ? {} : { userProject }),
  };
}

/** Of an `external_account`, or of an `impersonated_service_account`. @throws ConfigError naming the field */
export function readImpersonation(fields: CredentialFields): Impersonation {
  const url = urlIn(fields, 'service_account_impersonation_url');
  const { delegates = [] } = fields.values;
  if (!Array.isArray(delegates) || delegates.some((each) => typeof each !== 'string' || each === ''))
    throw fieldMistake(fields, 'delegates', 'is not a list of texts');
  return { url, lifetime: lifetimeOf(fields), delegates };
}

function lifetimeOf(fields: CredentialFields): number {
  const settings = objectIn(fields, 'service_account_impersonation');
  const seconds = settings?.values.token_lifetime_seconds;
  // As Go reads it, 0 means the default.
  if (!settings || seconds === undefined || seconds === null || seconds === 0) return LIFETIME;
  if (Number.isInteger(seconds) && (seconds as number) >= SHORTEST && (seconds as number) <= LONGEST)
    return seconds as number;
  throw fieldMistake(settings, 'token_lifetime_seconds', `is not a whole number from ${SHORTEST} to ${LONGEST}`);
}

function sourceOf(fields: CredentialFields): SubjectSource {
  const source = objectIn(fields, 'credential_source');
  if (!source) throw fieldMistake(fields, 'credential_source', 'is missing');
  const environment = optionalText(source, 'environment_id');
  if (environment !== undefined) return awsSource(source, environment);
  const file = optionalText(source, 'file');
  if (file !== undefined) return { type: 'file', file, format: formatOf(source) };
  if (optionalText(source, 'url') !== undefined)
    return { type: 'url', url: urlIn(source, 'url'), headers: headersOf(source), format: formatOf(source) };
  const other = ['executable', 'certificate'].find((name) => source.values[name] !== undefined);
  if (other !== undefined) throw fieldMistake(source, other, 'is not supported: use file, url or environment_id');
  throw fieldMistake(fields, 'credential_source', 'has none of file, url and environment_id');
}

function awsSource(source: CredentialFields, environment: string): SubjectSource {
  if (environment !== 'aws1') throw fieldMistake(source, 'environment_id', 'must be aws1');
  const url = (name: string): string | undefined => urlIn(source, name, '') || undefined;
  const verificationUrl = optionalText(source, 'regional_cred_verification_url') ?? VERIFICATION_URL;
  if (URL.parse(verificationUrl.replace('{region}', 'us-east-1'))?.protocol !== 'https:')
    throw fieldMistake(source, 'regional_cred_verification_url', 'is not an https:// URL');
  return {
    type: 'aws',
    roleUrl: url('url'),
    regionUrl: url('region_url'),
    sessionUrl: url('imdsv2_session_token_url'),
    verificationUrl,
  };
}

function headersOf(source: CredentialFields): Record<string, string> {
  const headers = objectIn(source, 'headers');
  if (!headers) return {};
  // A header that HTTP cannot carry would only be found at the first push.
  for (const [name, value] of Object.entries(headers.values))
    if (typeof value !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e]/.test(value))
      throw fieldMistake(source, 'headers', 'are not texts that HTTP can carry');
  return headers.values as Record<string, string>;
}

function formatOf(source: CredentialFields): TokenFormat {
  const format = objectIn(source, 'format');
  const type = format && optionalText(format, 'type');
  if (!format || type === undefined || type === 'text') return { type: 'text' };
  if (type === 'json') return { type, field: requiredText(format, 'subject_token_field_name') };
  throw fieldMistake(format, 'type', 'must be text or json');
}
