import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import { ConfigError } from '../kit/errors.ts';
import type { Endpoint } from './endpoint.ts';

/** Which push services may be called. */
export interface HostRules {
  /** `https://host[:port]`, host in lower case and without a trailing dot; undefined when it may not be called. */
  originOf(place: Endpoint['place']): string | undefined;
  /**
   * Which requests belong together: the host, with `http:` before it for plain HTTP and `:port` where there is one. Of hosts that only
   * a suffix stands for, which a device can invent without end, there are 64 parts, `b17.notify.windows.com`. Undefined as above.
   */
  partOf(place: Endpoint['place']): string | undefined;
}

interface Rule {
  readonly protocol: string;
  /** Begins with a dot when it stands for every name under it. */
  readonly host: string;
  readonly port: string;
}

/** Devices choose them: more than a lane's worth is not kept. */
const MOST_KNOWN = 1000;
/** Of the hosts that one suffix stands for. */
const PARTS = 64;
/** What a lane's name takes. */
const LONGEST_PART = 100;
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

/**
 * @param named hosts that are parts of their own, though only a suffix stands for them
 * @throws ConfigError naming the key and the malformed pattern
 */
export function hostRules(
  lists: Readonly<Record<string, readonly string[]>>,
  named: readonly string[] = [],
): HostRules {
  const rules = Object.entries(lists).flatMap(([key, patterns]) =>
    patterns.map((pattern) => {
      const rule = ruleOf(pattern);
      if (rule) return rule;
      throw new ConfigError(key, `not a host, *.suffix or http://host, each with :port if need be: ${pattern}`);
    }),
  );
  const look = (url: URL): Allowed | undefined => {
    if (url.username !== '' || url.password !== '') return undefined;
    const name = bare(url.hostname);
    const matching = rules.filter((rule) => matches(rule, url, name));
    const [first] = matching;
    if (!first) return undefined;
    const port = url.port === '' ? '' : `:${url.port}`;
    const isNamed = named.includes(name) || matching.some(({ host }) => host === name);
    const origin = `${url.protocol}//${name}${port}`;
    return { origin, part: partName(first, isNamed ? name : inParts(name, first), port) };
  };
  /** Most pushes go to a handful of hosts. */
  const known = new Map<string, Allowed | undefined>();
  const allowed = (place: Endpoint['place']): Allowed | undefined => {
    if (typeof place !== 'string') return look(place);
    if (known.has(place)) return known.get(place);
    if (known.size >= MOST_KNOWN) known.clear();
    const url = URL.parse(place);
    const found = url ? look(url) : undefined;
    known.set(place, found);
    return found;
  };
  return { originOf: (place) => allowed(place)?.origin, partOf: (place) => allowed(place)?.part };
}

interface Allowed {
  readonly origin: string;
  readonly part: string;
}

function partName({ protocol }: Rule, name: string, port: string): string {
  const whole = `${protocol === 'http:' ? 'http:' : ''}${name}${port}`;
  return whole.length <= LONGEST_PART ? whole : hashOf(whole).toString('hex', 0, 20);
}

const inParts = (name: string, { host }: Rule): string => `b${(hashOf(name)[0] as number) % PARTS}${host}`;

const hashOf = (text: string): Buffer => hash('sha256', text, 'buffer');
