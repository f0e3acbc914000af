import { isIP } from 'node:net';
import { ConfigError } from '../kit/errors.ts';
import type { Endpoint } from './endpoint.ts';

/** Which push services may be called. */
export interface HostRules {
  /** `https://host[:port]`, host in lower case and without a trailing dot; undefined when it may not be called. */
  originOf(place: Endpoint['place']): string | undefined;
}

interface Rule {
  readonly protocol: string;
  /** Begins with a dot when it stands for every name under it. */
  readonly host: string;
  readonly port: string;
}

/** Devices choose them: more than a lane's worth is not kept. */
const MOST_KNOWN = 1000;
const PATTERN = /^(http:\/\/)?(\*\.)?([^/?#@\s*]+)$/i;

/** `host`, `*.suffix` (any number of labels), each with `:port` for another than 443; `http://…` for plain HTTP. */
function ruleOf(pattern: string): Rule | undefined {
  const [, http, wild, rest] = PATTERN.exec(pattern.trim()) ?? [];
  const url = rest === undefined ? null : URL.parse(`${http ?? 'https://'}${rest}`);
  if (!url?.hostname || url.pathname !== '/') return undefined;
  const host = bare(url.hostname);
  if (wild && isIP(host.replace(/^\[|\]$/g, ''))) return undefined;
  return { protocol: url.protocol, host: wild ? `.${host}` : host, port: url.port };
}

const bare = (hostname: string): string => hostname.replace(/\.$/, '');

const matches = ({ protocol, host, port }: Rule, url: URL, name: string): boolean =>
  url.protocol === protocol && url.port === port && (host.startsWith('.') ? name.endsWith(host) : name === host);

/** @throws ConfigError naming the key and the malformed pattern */
export function hostRules(lists: Readonly<Record<string, readonly string[]>>): HostRules {
  const rules = Object.entries(lists).flatMap(([key, patterns]) =>
    patterns.map((pattern) => {
      const rule = ruleOf(pattern);
      if (rule) return rule;
      throw new ConfigError(key, `not a host, *.suffix or http://host, each with :port if need be: ${pattern}`);
    }),
  );
  const look = (url: URL): string | undefined => {
    if (url.username !== '' || url.password !== '') return undefined;
    const name = bare(url.hostname);
    if (!rules.some((rule) => matches(rule, url, name))) return undefined;
    return `${url.protocol}//${name}${url.port === '' ? '' : `:${url.port}`}`;
  };
  /** Most pushes go to a handful of hosts. */
  const known = new Map<string, string | undefined>();
  return {
    originOf(place) {
      if (typeof place !== 'string') return look(place);
      if (known.has(place)) return known.get(place);
      if (known.size >= MOST_KNOWN) known.clear();
      const url = URL.parse(place);
      const origin = url ? look(url) : undefined;
      known.set(place, origin);
      return origin;
    },
  };
}
