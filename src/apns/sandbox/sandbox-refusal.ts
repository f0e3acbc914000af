import type { IncomingHttpHeaders } from 'node:http';
import type { Checks } from '../../sandbox/checks.ts';
import type { Exchange } from '../../sandbox/exchange.ts';
import type { ApnsAuthorization } from './sandbox-authorization.ts';

/** Push types, each with the suffix that its topic must end with. */
const topicSuffix: Readonly<Record<string, string>> = {
  alert: '',
  background: '',
  complication: '.complication',
  controls: '.push-type.controls',
  fileprovider: '.pushkit.fileprovider',
  liveactivity: '.push-type.liveactivity',
  location: '.location-query',
  mdm: '',
  pushtotalk: '.voip-ptt',
  voip: '.voip',
  widgets: '.push-type.widgets',
};

/** HTTP status of each reason that this file or the authorization gives. */
export const statusOf: Readonly<Record<string, number>> = {
  MissingProviderToken: 403,
  InvalidProviderToken: 403,
  ExpiredProviderToken: 403,
  BadPath: 404,
  MethodNotAllowed: 405,
  PayloadTooLarge: 413,
  TooManyProviderTokenUpdates: 429,
};

const PATH = '/3/device/';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BUNDLE_ID = /^[A-Za-z0-9-]+(\.[A-Za-z0-9_-]+)+$/;
// Never a fixed length: 32 bytes today, more for Live Activities.
const DEVICE_TOKEN = /^([0-9a-f]{2}){32,}$/i;

export const tokenOf = (path: string): string => (path.startsWith(PATH) ? path.slice(PATH.length) : '');

function badPath(path: string, checks: Checks): string | undefined {
  if (!path.startsWith(PATH)) return 'BadPath';
  if (path.length === PATH.length) return 'MissingDeviceToken';
  return checks.token && !DEVICE_TOKEN.test(tokenOf(path)) ? 'BadDeviceToken' : undefined;
}

function repeatsHeader(raw: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < raw.length; i += 2) seen.add(raw[i] as string);
  return seen.size * 2 < raw.length;
}

function badHeader(headers: IncomingHttpHeaders): string | undefined {
  const id = headers['apns-id'];
  if (id !== undefined && !UUID.test(String(id))) return 'BadMessageId';
  const collapse = headers['apns-collapse-id'];
  // Node reads header bytes as Latin-1: one character is one byte.
  if (collapse !== undefined && String(collapse).length > 64) return 'BadCollapseId';
  const priority = headers['apns-priority'];
  if (priority !== undefined && !['1', '5', '10'].includes(String(priority))) return 'BadPriority';
  const type = String(headers['apns-push-type'] ?? 'alert');
  if (!(type in topicSuffix)) return 'InvalidPushType';
  // A background push must say 5: 10 is the default that it would get, and "an error" in Apple's words.
  if (type === 'background' && priority === '10') return 'BadPriority';
  const expiration = headers['apns-expiration'];
  return expiration !== undefined && !/^\d+$/.test(String(expiration)) ? 'BadExpirationDate' : undefined;
}

function badTopic({ headers, clientName }: Exchange): string | undefined {
  const topic = headers['apns-topic'];
  // A certificate has a topic of its own.
  if (topic === undefined || topic === '') return clientName === undefined ? 'MissingTopic' : undefined;
  const suffix = topicSuffix[String(headers['apns-push-type'] ?? 'alert')] ?? '';
  return BUNDLE_ID.test(String(topic)) && String(topic).endsWith(suffix) ? undefined : 'BadTopic';
}

function badCredential(exchange: Exchange, authorization: ApnsAuthorization): string | undefined {
  const bearer = exchange.headers.authorization;
  if (bearer === undefined && exchange.clientName !== undefined) return undefined;
  return authorization.refusal(bearer, exchange.connection);
}

function badPayload({ body, headers }: Exchange): string | undefined {
  if (body.length === 0) return 'PayloadEmpty';
  const most = headers['apns-push-type'] === 'voip' ? 5120 : 4096;
  return body.length > most ? 'PayloadTooLarge' : undefined;
}

/** Apple's reason to refuse this push, or undefined; in the order in which APNs (as pushy's mock knows it) looks. */
export function apnsRefusal(exchange: Exchange, checks: Checks, authorization: ApnsAuthorization): string | undefined {
  const { headers, method, path } = exchange;
  if (checks.headers && repeatsHeader(exchange.rawHeaders)) return 'DuplicateHeaders';
  if (method !== 'POST') return 'MethodNotAllowed';
  return (
    (checks.topic ? badTopic(exchange) : undefined) ??
    (checks.headers ? badHeader(headers) : undefined) ??
    badPath(path, checks) ??
    (checks.credentials ? badCredential(exchange, authorization) : undefined) ??
    (checks.message ? badPayload(exchange) : undefined)
  );
}
