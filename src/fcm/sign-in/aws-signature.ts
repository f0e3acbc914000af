import { createHash, createHmac } from 'node:crypto';

export interface AwsKeys {
  readonly id: string;
  readonly secret: string;
  /** Of temporary keys. */
  readonly sessionToken?: string | undefined;
}

export interface AwsRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: empty. */
  readonly body?: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** RFC 3986: encodeURIComponent leaves five characters more as they are. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const queryOf = (url: URL): string =>
  [...url.searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort(compare)
    .join('&');

/**
 * The headers of a request that AWS takes for ours, `authorization` among them: Signature Version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html). The service is the first label of the host.
 * @param now UNIX milliseconds
 */
export function signAwsRequest(
  request: AwsRequest,
  keys: AwsKeys,
  region: string,
  now: number,
): Record<string, string> {
  const url = new URL(request.url);
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-date': time,
    ...(keys.sessionToken ? { 'x-amz-security-token': keys.sessionToken } : {}),
  };
  const names = Object.keys(headers).sort(compare);
  const signed = names.join(';');
  const canonical = [
    request.method,
    url.pathname,
    queryOf(url),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    sha256(request.body ?? ''),
  ].join('\n');
  const day = time.slice(0, 8);
  const scope = [day, region, url.host.split('.', 1)[0] as string, 'aws4_request'];
  const key = scope.reduce<Buffer | string>((previous, part) => hmac(previous, part), `AWS4${keys.secret}`);
  const signature = hmac(key, [ALGORITHM, time, scope.join('/'), sha256(canonical)].join('\n')).toString('hex');
  const authorization = `${ALGORITHM} Credential=${keys.id}/${scope.join('/')}, SignedHeaders=${signed}, Signature=${signature}`;
  return { ...headers, authorization };
}
