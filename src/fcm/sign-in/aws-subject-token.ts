import { jsonObjectIn } from '../../kit/http/answer-form.ts';
import { type AwsKeys, signAwsRequest } from './aws-signature.ts';
import type { Call } from './call.ts';
import type { ExternalAccount, SubjectSource } from './external-account.ts';

type AwsSource = Extract<SubjectSource, { type: 'aws' }>;

/** The variables that AWS's own libraries read. */
export interface AwsEnvironment {
  readonly AWS_REGION?: string | undefined;
  readonly AWS_DEFAULT_REGION?: string | undefined;
  readonly AWS_ACCESS_KEY_ID?: string | undefined;
  readonly AWS_SECRET_ACCESS_KEY?: string | undefined;
  readonly AWS_SESSION_TOKEN?: string | undefined;
}

export interface AwsSurroundings {
  readonly call: Call;
  readonly env: AwsEnvironment;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Seconds. */
const SESSION_TTL = '300';

/**
 * AWS gives no token: what proves who we are is a signed request to its GetCallerIdentity, which Google sends for us.
 * Region and keys are those of the environment, else of the machine's metadata server.
 * @throws Error naming the field of `credential_source` that did not help
 */
export async function awsSubjectToken(
  source: AwsSource,
  { audience }: Pick<ExternalAccount, 'audience'>,
  { call, env, now }: AwsSurroundings,
): Promise<string> {
  const metadata = new AwsMetadata(source, call);
  const keys = keysIn(env) ?? (await metadata.keys());
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || (await metadata.region());
  const url = source.verificationUrl.replace('{region}', region);
  const headers = { 'x-goog-cloud-target-resource': audience };
  const signed = signAwsRequest({ method: 'POST', url, headers }, keys, region, now());
  const list = Object.entries(signed).map(([key, value]) => ({ key, value }));
  return encodeURIComponent(JSON.stringify({ url, method: 'POST', headers: list }));
}

function keysIn(env: AwsEnvironment): AwsKeys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: sessionToken } = env;
  return id && secret ? { id, secret, sessionToken } : undefined;
}

/** The metadata server of an EC2 machine, asked again for each token: temporary keys change. */
class AwsMetadata {
  readonly #source: AwsSource;
  readonly #call: Call;
  #session: Promise<Record<string, string>> | undefined;

  constructor(source: AwsSource, call: Call) {
    this.#source = source;
    this.#call = call;
  }

  async keys(): Promise<AwsKeys> {
    const { roleUrl } = this.#source;
    if (!roleUrl) throw new Error('credential_source.url is missing, and AWS_ACCESS_KEY_ID is not set');
    const role = await this.#get('url', roleUrl);
    const fields = jsonObjectIn(await this.#get('url', `${roleUrl.replace(/\/$/, '')}/${encodeURIComponent(role)}`));
    const { AccessKeyId: id, SecretAccessKey: secret, Token: sessionToken } = fields ?? {};
    if (typeof id === 'string' && id !== '' && typeof secret === 'string' && secret !== '')
      return { id, secret, ...(typeof sessionToken === 'string' ? { sessionToken } : {}) };
    throw new Error(
      'credential_source.url: the metadata server of AWS answers without AccessKeyId and SecretAccessKey',
    );
  }

  /** It names the availability zone, `us-east-2b`. */
  async region(): Promise<string> {
    const { regionUrl } = this.#source;
    if (!regionUrl) throw new Error('credential_source.region_url is missing, and AWS_REGION is not set');
    const zone = await this.#get('region_url', regionUrl);
    if (/^[a-z0-9-]{2,40}$/.test(zone)) return zone.slice(0, -1);
    throw new Error(
      'credential_source.region_url: the metadata server of AWS does not answer with an availability zone',
    );
  }

  async #get(field: string, url: string): Promise<string> {
    this.#session ??= this.#begin();
    return this.#ask(field, { method: 'GET', url, headers: await this.#session, body: null });
  }

  async #begin(): Promise<Record<string, string>> {
    const { sessionUrl: url } = this.#source;
    if (!url) return {};
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': SESSION_TTL };
    const token = await this.#ask('imdsv2_session_token_url', { method: 'PUT', url, headers, body: null });
    return { 'x-aws-ec2-metadata-token': token };
  }

  async #ask(field: string, request: Parameters<Call>[0]): Promise<string> {
    const { status, text } = await this.#call(request);
    if (status === 200) return text.trim();
    throw new Error(`credential_source.${field}: the metadata server of AWS answers ${status}`);
  }
}
