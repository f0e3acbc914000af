import { type Fields, isFields, type Tree } from './corpus-case.ts';
import { parseOrText } from './lossless-json.ts';
import type { HookRequest, ProviderRequest } from './scripted-providers.ts';

const jwtPart = (part: string | undefined): Fields => {
  const value = parseOrText(Buffer.from(part ?? '', 'base64url').toString());
  return isFields(value) ? value : {};
};

/** A provider token by its meaning; any other authorization as it is. */
function authorizationOf(value: string): Tree {
  const [, scheme, header, claims] = /^(bearer) ([\w-]+)\.([\w-]+)\.[\w-]+$/i.exec(value) ?? [];
  const { alg, kid } = jwtPart(header);
  if (!scheme || alg === undefined) return value;
  const { iss, iat } = jwtPart(claims);
  return {
    scheme: scheme.toLowerCase(),
    header: { alg, kid },
    claims: { iss, iat: Number.isInteger(iat) ? '<int>' : typeof iat },
  };
}

export const isSignIn = ({ host }: ProviderRequest): boolean => host.startsWith('oauth');

export function observePush({ host, method, path, headers, body, clientCert }: ProviderRequest): Fields {
  const told = Object.entries(headers).filter(([name]) => name.startsWith('apns-') || name === 'content-type');
  const { authorization } = headers;
  return {
    host,
    // The stand-ins of Apple speak nothing else.
    ...(host.includes('apple') ? { http: '2.0' } : {}),
    method,
    path,
    headers: {
      ...Object.fromEntries(told),
      ...(authorization ? { authorization: authorizationOf(authorization) } : {}),
    },
    body,
    ...(clientCert ? { clientCert } : {}),
  };
}

/** Pushes by number, for cases with many. */
export function summarize(pushes: readonly ProviderRequest[]): Fields {
  const targets = pushes.map(({ host, path, body }) => {
    if (host.includes('apple')) return path.split('/').at(-1);
    const message = isFields(body) && isFields(body.message) ? body.message : {};
    return message.token ?? message.topic ?? '';
  });
  const hosts: Record<string, number> = {};
  for (const { host } of pushes) hosts[host] = (hosts[host] ?? 0) + 1;
  return { count: pushes.length, distinctTargets: new Set(targets).size, hosts };
}

export function observeSignIn({ host, method, path, body }: ProviderRequest): Fields {
  const form = Object.fromEntries(new URLSearchParams(typeof body === 'string' ? body : ''));
  if (form.assertion === undefined) return { host, method, path, form };
  const [header, payload] = form.assertion.split('.').map(jwtPart);
  const claims = { iss: payload?.iss, scope: payload?.scope, aud: payload?.aud };
  return {
    host,
    method,
    path,
    form: { ...form, assertion: { header: { alg: header?.alg, kid: header?.kid }, claims } },
  };
}

const TRANSPORT = new Set([
  'host',
  'user-agent',
  'content-length',
  'accept-encoding',
  'accept',
  'connection',
  'transfer-encoding',
]);

export function observeHook({ method, path, headers, body }: HookRequest): Fields {
  const told = Object.entries(headers).filter(([name]) => !TRANSPORT.has(name));
  return { method, path, headers: Object.fromEntries(told), body };
}
