import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/**
 * What AWS hands to a function for an HTTP request: API Gateway's payload formats 1.0 (REST APIs, load balancers) and 2.0
 * (HTTP APIs, function URLs), as far as it matters here.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export interface GatewayEvent {
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  /** Format 2.0. */
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  /** Format 1.0. */
  readonly httpMethod?: string;
  readonly path?: string;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly requestContext?: {
    readonly stage?: string;
    readonly http?: { readonly method: string };
  };
}

/** What AWS tells of an invocation, as far as it matters here. */
export interface InvocationContext {
  getRemainingTimeInMillis?(): number;
}

/** The answer, right for both formats. */
export interface GatewayResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

export interface PlainRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** They are about the connection to the gateway, or about a body in a form that it no longer has. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

function headersOf({ headers, multiValueHeaders }: GatewayEvent): OutgoingHttpHeaders {
  const all = Object.entries({ ...headers, ...multiValueHeaders });
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of all)
    if (value !== undefined && !OF_THE_CONNECTION.has(name.toLowerCase()))
      kept[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  return kept;
}

function queryOf(event: GatewayEvent): string {
  if (event.rawQueryString !== undefined) return event.rawQueryString;
  const query = new URLSearchParams();
  const several = event.multiValueQueryStringParameters ?? {};
  for (const [name, value = ''] of Object.entries(event.queryStringParameters ?? {}))
    if (!several[name]) query.append(name, value);
  for (const [name, values = []] of Object.entries(several)) for (const value of values) query.append(name, value);
  return query.toString();
}

/** Format 2.0 puts the name of the stage before the path, format 1.0 does not; the routes of the relay know none. */
function pathOf({ rawPath, path = '/', requestContext }: GatewayEvent): string {
  if (rawPath === undefined) return path;
  const stage = `/${requestContext?.stage ?? '$default'}`;
  return rawPath === stage || rawPath.startsWith(`${stage}/`) ? rawPath.slice(stage.length) || '/' : rawPath;
}

/** The request that an event stands for; undefined for other events, such as a timer's. */
export function requestOf(event: GatewayEvent): PlainRequest | undefined {
  const method = event.requestContext?.http?.method ?? event.httpMethod;
  if (method === undefined) return undefined;
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const path = pathOf(event).replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  const query = queryOf(event);
  return {
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: { host: 'localhost', ...headersOf(event), 'content-length': body.length, connection: 'close' },
    body,
  };
}

/** Every answer of the relay is text. */
export function resultOf(statusCode: number, headers: IncomingHttpHeaders, body: string): GatewayResult {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !OF_THE_CONNECTION.has(name))
      kept[name] = typeof value === 'string' ? value : value.join(', ');
  return { statusCode, headers: kept, body, isBase64Encoded: false };
}
