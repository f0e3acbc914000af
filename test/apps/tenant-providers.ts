import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AppSettings } from '../../src/providers/registry.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

/** Credentials that the providers below know as an app's. */
export interface Tenant {
  readonly name: string;
  readonly settings: AppSettings;
}

/** A push as a provider saw it, and whose credential it carried. */
export interface SeenPush {
  readonly provider: 'apns' | 'fcm' | 'hms';
  /** The tenant whose credential it was; undefined when nobody's. */
  readonly by: string | undefined;
  readonly token: string;
  readonly topic?: string | undefined;
  readonly project?: string | undefined;
  /** The provider token or access token, as sent. */
  readonly authorization: string;
}

/** How a provider answers a push to this token; undefined: accepted. */
export type Refusal = (
  provider: SeenPush['provider'],
  token: string,
) => { status: number; body: object } | 'hang' | undefined;

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const part = (jwt: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString() || '{}') as Record<string, unknown>;

/** Whether the ES256 signature of a JWT is of this key. */
function isSignedBy(jwt: string, key: KeyObject): boolean {
  const [head, claims, signature = ''] = jwt.split('.');
  const data = Buffer.from(`${head}.${claims}`);
  return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
}

/**
 * APNs, FCM, HMS and their sign-ins in one TLS server on port 0 that tells credentials apart: each tenant has its own key, service
 * account and secret, made here, and each push is noted with the tenant whose credential it carried.
 */
export async function startTenantProviders(refuse: Refusal = () => undefined) {
  const authority = makeAuthority();
  const seen: SeenPush[] = [];
  const appleKeys = new Map<string, { name: string; key: KeyObject }>();
  const mails = new Map<string, string>();
  const secrets = new Map<string, string>();
  const revoked = new Set<string>();
  const access = new Map<string, string>();
  const sockets = new Set<Socket>();
  /** Connections now, the most at a time, and all so far. */
  const connections = { now: 0, most: 0, all: 0 };
  /** Whose provider tokens are, once it was checked. */
  const signed = new Map<string, string | undefined>();
  let serial = 0;
  const server = createSecureServer({ ...authority.leaf(['localhost']), allowHTTP1: true });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    connections.all++;
    connections.most = Math.max(connections.most, ++connections.now);
    socket.on('close', () => {
      sockets.delete(socket);
      connections.now--;
    });
    socket.on('error', () => {});
  });

  const signIn = (name: string | undefined) => {
    if (name === undefined || revoked.has(name)) return { status: 400, body: { error: 'invalid_grant' } };
    const token = `access-${++serial}-${randomBytes(24).toString('base64url')}`;
    access.set(token, name);
    return { status: 200, body: { access_token: token, expires_in: 3600, token_type: 'Bearer' } };
  };

  const signerOf = (jwt: string): string | undefined => {
    if (!signed.has(jwt)) {
      const known = appleKeys.get(String(part(jwt, 0).kid));
      signed.set(jwt, known && isSignedBy(jwt, known.key) ? known.name : undefined);
    }
    return signed.get(jwt);
  };

  const pushed = (push: SeenPush) => {
    seen.push(push);
    if (push.by === undefined || revoked.has(push.by)) {
      return push.provider === 'apns'
        ? { status: 403, body: { reason: 'InvalidProviderToken' } }
        : { status: 401, body: { error: { status: 'UNAUTHENTICATED', message: 'no' } } };
    }
    return (
      refuse(push.provider, push.token) ?? {
        status: 200,
        body: { name: `projects/${push.project}/messages/1`, code: '80000000', msg: 'Success', requestId: '1' },
      }
    );
  };

  const answerOf = (path: string, headers: Record<string, unknown>, body: string) => {
    const authorization = String(headers.authorization ?? '').replace(/^bearer /i, '');
    if (path === '/token')
      return signIn(mails.get(String(part(new URLSearchParams(body).get('assertion') ?? '', 1).iss)));
    if (path === '/oauth2/v3/token') {
      const form = new URLSearchParams(body);
      return signIn(secrets.get(`${form.get('client_id')}:${form.get('client_secret')}`));
    }
    if (path.startsWith('/3/device/')) {
      const by = signerOf(authorization);
      return pushed({
        provider: 'apns',
        by,
        token: path.slice(10),
        topic: headers['apns-topic'] as string,
        authorization,
      });
    }
    const message = (JSON.parse(body) as { message: { token: unknown } }).message;
    const token = Array.isArray(message.token) ? String(message.token[0]) : String(message.token);
    const by = access.get(authorization);
    const [, kind, project] = path.split('/').slice(-4);
    return pushed(
      kind === 'projects' || path.includes('/projects/')
        ? { provider: 'fcm', by, token, project: /projects\/([^/]+)\//.exec(path)?.[1] ?? project, authorization }
        : { provider: 'hms', by, token, project: /\/v1\/([^/]+)\//.exec(path)?.[1], authorization },
    );
  };

  server.on('request', async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const body = await text(request.stream ?? request).catch(() => '');
    const answer = answerOf(request.url, request.headers, body);
    if (answer === 'hang') return;
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  // One RSA key for all service accounts: making one takes long, and the accounts are told apart by their names.
  const rsa = pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);

  return {
    origin,
    ca: authority.ca,
    seen,
    connections,
    /** The provider refuses the tenant's credentials from now on. */
    revoke: (name: string): void => void revoked.add(name),
    /** Makes credentials for a tenant and lets the providers know them. @param secret that of Huawei */
    tenant(name: string, secret = `secret-${name}`): Tenant {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const kid = `K${String(++serial).padStart(9, '0')}`;
      appleKeys.set(kid, { name, key: createPublicKey(privateKey) });
      mails.set(`push@${name}.example`, name);
      secrets.set(`id-${name}:${secret}`, name);
      const account = {
        type: 'service_account',
        project_id: `project-${name}`,
        client_email: `push@${name}.example`,
        private_key: rsa,
        token_uri: `${origin}/token`,
      };
      return {
        name,
        settings: {
          ios: {
            key_base64: Buffer.from(pemOf(privateKey)).toString('base64'),
            key_type: 'p8',
            key_id: kid,
            team_id: `T${kid.slice(1)}`,
          },
          android: { credential: JSON.stringify(account) },
          huawei: { appid: `id-${name}`, appsecret: secret },
          default_topic: `com.example.${name}`,
        },
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type TenantProviders = Awaited<ReturnType<typeof startTenantProviders>>;
