import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../kit/errors.ts';
import { isLinkLocal } from '../kit/net/link-local.ts';
import { isLoopback } from '../kit/net/loopback.ts';

/** The variables that Go's `http.ProxyFromEnvironment` reads, so that a Gorush's surroundings mean the same here. */
export interface ProxyEnvironment {
  readonly HTTP_PROXY?: string | undefined;
  readonly http_proxy?: string | undefined;
  readonly HTTPS_PROXY?: string | undefined;
  readonly https_proxy?: string | undefined;
  readonly NO_PROXY?: string | undefined;
  readonly no_proxy?: string | undefined;
}

export interface ProxyOptions {
  /** `core.http_proxy`: for every address that a proxy can reach, whatever the environment says; empty: the environment decides. */
  readonly httpProxy: string;
  /** Default: none. */
  readonly env?: ProxyEnvironment;
}

interface Target {
  /** Lower case, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: string;
}

type Rule = (target: Target) => boolean;

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

function targetOf(url: URL): Target {
  return { host: bare(url.hostname), port: url.port || (DEFAULT_PORTS[url.protocol] ?? '') };
}

const familyOf = (host: string): 'ipv4' | 'ipv6' => (isIP(host) === 6 ? 'ipv6' : 'ipv4');

function subnetRule(entry: string): Rule | undefined {
  const [address = '', prefix = ''] = entry.split('/');
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix)) return undefined;
  const list = new BlockList();
  try {
    list.addSubnet(address, Number(prefix), familyOf(address));
  } catch {
    return undefined;
  }
  return ({ host }) => isIP(host) !== 0 && list.check(host, familyOf(host));
}

/** `example.com` means itself and what is below it, `.example.com` and `*.example.com` only what is below. */
function hostRule(entry: string): Rule | undefined {
  const [, bracketed, name, given] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  const host = isIP(entry) === 6 ? entry : (bracketed ?? name);
  if (host === undefined) return undefined;
  const portFits: Rule = ({ port }) => given === undefined || given === port;
  if (isIP(host) !== 0) return (target) => target.host === host && portFits(target);
  const suffix = host.replace(/^\*?\.?/, '.');
  const itself = /^[*.]/.test(host) ? undefined : host;
  return (target) => (target.host === itself || target.host.endsWith(suffix)) && portFits(target);
}

/** The rules of golang.org/x/net/http/httpproxy: `*`, names, addresses and subnets, each name and address with a port if need be. */
function noProxyRules(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const part of text.split(',')) {
    const entry = part.trim().toLowerCase();
    if (entry === '*') return [() => true];
    const rule = entry === '' ? undefined : (subnetRule(entry) ?? hostRule(entry));
    if (rule) rules.push(rule);
  }
  return rules;
}

/** The first that is not empty. */
const either = (upper: string | undefined, lower: string | undefined): string => upper || lower || '';

/** `host:port` is meant as `http://host:port`. @throws ConfigError with the setting's name and never its value. */
function proxyUrl(name: string, value: string): string | undefined {
  if (value === '') return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (!url || !/^https?:$/.test(url.protocol) || !decodable(url.username) || !decodable(url.password))
    throw new ConfigError(
      name,
      `must be http://host:port, with user:password@ if need be; %, @, : and / in them as %25, %40, %3A and %2F`,
    );
  return url.href;
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Which proxy leads to an address: returns a function of an origin (or a URL) that returns the proxy's URL, credentials
 * included, or undefined for the direct way.
 *
 * Where `core.http_proxy` is empty, HTTPS_PROXY (for http:// addresses HTTP_PROXY) decides, less what NO_PROXY names; both
 * spellings, upper case first. As in Go, the environment never sends loopback addresses through a proxy. No setting sends
 * link-local ones through it: the metadata server there would be the proxy's.
 * @throws ConfigError for a setting that is no URL of an HTTP proxy.
 */
export function createProxyFor({ httpProxy, env = {} }: ProxyOptions): (origin: string) => string | undefined {
  const everywhere = proxyUrl('core.http_proxy', httpProxy);
  if (everywhere !== undefined)
    return (origin) => (isLinkLocal(URL.parse(origin)?.hostname ?? '') ? undefined : everywhere);
  const proxies: Record<string, string | undefined> = {
    'http:': proxyUrl('HTTP_PROXY (environment)', either(env.HTTP_PROXY, env.http_proxy)),
    'https:': proxyUrl('HTTPS_PROXY (environment)', either(env.HTTPS_PROXY, env.https_proxy)),
  };
  const direct = noProxyRules(either(env.NO_PROXY, env.no_proxy));
  return (origin) => {
    const url = URL.parse(origin);
    const proxy = url ? proxies[url.protocol] : undefined;
    if (!url || !proxy) return undefined;
    const target = targetOf(url);
    return isLoopback(target.host) || isLinkLocal(target.host) || direct.some((rule) => rule(target))
      ? undefined
      : proxy;
  };
}
