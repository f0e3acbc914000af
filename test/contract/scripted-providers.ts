import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authority } from '../../src/sandbox/certificates.ts';
import type { Exchange } from '../../src/sandbox/exchange.ts';
import { openSecureServer, type SecureServer } from '../../src/sandbox/secure-server.ts';
import { isFields } from './corpus-case.ts';
import { parseOrText } from './lossless-json.ts';
import { type Rule, type RuleScript, Rules } from './rules.ts';

/** A request that reached a provider, under the provider's real name. */
export interface ProviderRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly clientCert: string | undefined;
}
export interface HookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Stand-ins for all providers and the feedback hook, which answer by script and remember what they were asked. */
export interface ScriptedProviders {
  /** Base URL of each stand-in by the host name of the real provider. */
  readonly origins: Readonly<Record<ProviderHost, string>>;
  /** Base URL of the hook. */
  readonly hookUrl: string;
  readonly requests: readonly ProviderRequest[];
  readonly hookRequests: readonly HookRequest[];
  /** Forgets what was asked, and answers by these rules from now on. */
  script(providers?: RuleScript, hook?: RuleScript): void;
  close(): Promise<void>;
}

export const providerHosts = [
  'api.push.apple.com',
  'api.sandbox.push.apple.com',
  'fcm.googleapis.com',
  'oauth2.googleapis.com',
  'oauth-login.cloud.huawei.com',
  'push-api.cloud.huawei.com',
] as const;
export type ProviderHost = (typeof providerHosts)[number];

const isApple = (host: string) => host.endsWith('apple.com');
const APNS_ID = 'EC1BF194-B3B2-424A-89A9-5A918A6E6B5A';
const bearer = (access_token: string, expires_in: number) => ({ access_token, expires_in, token_type: 'Bearer' });

/** What a provider says that nobody has scripted. Apple's success has no body. */
const usual: Readonly<Partial<Record<ProviderHost, unknown>>> = {
  'fcm.googleapis.com': { name: 'projects/demo-project/messages/0:1500415314455276%31bd1c9631bd1c96' },
  'oauth2.googleapis.com': bearer('ya29.test', 3599),
  'oauth-login.cloud.huawei.com': bearer('hms-token', 3600),
  'push-api.cloud.huawei.com': { code: '80000000', msg: 'Success', requestId: '1' },
};

function targetOf(host: ProviderHost, path: string, body: unknown): unknown {
  if (isApple(host)) return path.split('/').at(-1);
  const message = isFields(body) && isFields(body.message) ? body.message : {};
  return host === 'fcm.googleapis.com' ? (message.token ?? message.topic ?? message.condition) : undefined;
}

function answer(exchange: Exchange, host: ProviderHost, rule: Rule | undefined): void {
  const id = isApple(host) ? { 'apns-id': String(exchange.headers['apns-id'] ?? APNS_ID) } : {};
  const body = rule?.status ? rule.body : usual[host];
  const type = rule?.status || body !== undefined ? { 'content-type': 'application/json' } : {};
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  exchange.respond(rule?.status ?? 200, { ...type, ...id, ...rule?.headers }, text);
}

function treat(exchange: Exchange, host: ProviderHost, rule: Rule | undefined): void {
  if (rule?.hang) return;
  if (rule?.destroy) exchange.cut();
  else answer(exchange, host, rule);
}

/** `act` after the rule's pause. */
const paused = (rule: Rule | undefined, act: () => void): void => {
  if (rule?.delayMs) setTimeout(act, rule.delayMs);
  else act();
};

async function openHook(rules: Rules, requests: HookRequest[]) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => {});
    request.on('end', () => {
      const body = parseOrText(Buffer.concat(chunks).toString());
      const { method = '', url: path = '', headers } = request;
      requests.push({ method, path, headers, body });
      const rule = rules.match({ host: '', path, token: isFields(body) ? body.token : undefined });
      paused(rule, () => {
        if (rule?.hang) return;
        if (rule?.destroy) request.socket.destroy();
        else response.writeHead(rule?.status ?? 200, rule?.headers).end();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function openScriptedProviders(authority: Authority): Promise<ScriptedProviders> {
  const requests: ProviderRequest[] = [];
  const hookRequests: HookRequest[] = [];
  const rules = new Rules();
  const hookRules = new Rules();
  const leaf = authority.leaf(['localhost', '127.0.0.1']);

  const handler = (host: ProviderHost) => (exchange: Exchange) => {
    const { method, path, headers, clientName: clientCert } = exchange;
    const body = parseOrText(exchange.body.toString());
    requests.push({ host, method, path, headers, body, clientCert });
    const rule = rules.match({ host, path, token: targetOf(host, path, body) });
    paused(rule, () => treat(exchange, host, rule));
  };
  const open = (host: ProviderHost): Promise<SecureServer> =>
    openSecureServer(
      { leaf, http1: !isApple(host), askCertificate: isApple(host), settings: { maxConcurrentStreams: 1000 } },
      handler(host),
    );
  const servers = await Promise.all(providerHosts.map(open));
  const hook = await openHook(hookRules, hookRequests);
  return {
    origins: Object.fromEntries(providerHosts.map((host, i) => [host, servers[i]?.origin])) as Record<
      ProviderHost,
      string
    >,
    hookUrl: `http://127.0.0.1:${(hook.address() as AddressInfo).port}`,
    requests,
    hookRequests,
    script(providers, ofHook) {
      requests.length = 0;
      hookRequests.length = 0;
      rules.load(providers);
      hookRules.load(ofHook);
    },
    async close() {
      hook.close();
      hook.closeAllConnections();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
