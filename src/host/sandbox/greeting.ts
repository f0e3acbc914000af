import { closedAtApi, closedBecause } from '../../auth/admin-access.ts';
import { isConfigured } from '../../auth/auth.ts';
import type { FullConfig } from '../../providers/registry.ts';

export interface Greeted {
  /** A person of the hub who has devices; undefined: there is none. */
  readonly person: string | undefined;
  /** What to type for `martlet`. */
  readonly command: string;
}

const TOKEN = 'a1b2c3d4'.repeat(8);
const TOPIC = 'com.example.app';

/** The certificate of a server that one tries out is rarely one that curl trusts. */
const curl = ({ core }: FullConfig): string => (core.ssl ? 'curl -k' : 'curl');

/** The first key that is enough to send and to look; else, without `reads`, the first that may send. */
function keyOf({ auth }: FullConfig): { readonly name: string; readonly reads: boolean } {
  const named = Object.entries(auth.keys).map(([name, { scopes }]) => {
    const may = (scope: 'push' | 'read'): boolean => scopes.includes(scope) || scopes.includes('admin');
    return { name, sends: may('push'), reads: may('read') };
  });
  const able = named.filter(({ sends }) => sends);
  return able.find(({ reads }) => reads) ?? able[0] ?? { name: 'a caller', reads: false };
}

/** The shell puts the key in: only its SHA-256 is known here. */
const signed = (config: FullConfig): string =>
  isConfigured(config.auth) ? ` -H "Authorization: Bearer $MARTLET_API_KEY"` : '';

const posting = (body: object): string => `-H 'content-type: application/json' -d '${JSON.stringify(body)}'`;

function pushLine(url: string, config: FullConfig): string {
  const notification = { platform: 1, tokens: [TOKEN], topic: TOPIC, title: 'Hello', message: 'from Martlet' };
  return `${curl(config)} ${url}${config.api.push_uri}${signed(config)} ${posting({ notifications: [notification] })}`;
}

/** Sends to a person, and shows what was decided for each device; the same in words. */
function personLines(url: string, config: FullConfig, person: string, command: string): string[] {
  const path = `${url}/v1/notifications`;
  const body = { id: 'hello-1', to: { users: [person] }, title: 'Hello', message: 'from the hub' };
  const send = `${curl(config)} ${path}${signed(config)} ${posting(body)}`;
  const look = `${curl(config)} ${path}/${body.id}${signed(config)}`;
  return [`${send} && sleep 1 && ${look}`, `${command} explain ${body.id} --url ${url}`];
}

/** Where the hub can be asked without a key, or with the one that is named. */
const isOpen = (config: FullConfig): boolean =>
  isConfigured(config.auth) ? keyOf(config).reads : closedAtApi(config, 'the hub is') === undefined;

const hasConsole = (config: FullConfig): boolean =>
  closedBecause(config, 'the console is') === undefined && config.core.admin_address === '';

/** What the person who typed `npm start` may paste into another terminal. */
export function greeting(url: string, config: FullConfig, { person, command }: Greeted): string {
  const head = isConfigured(config.auth)
    ? `Try it, after export MARTLET_API_KEY=<the key of ${keyOf(config).name}>:`
    : 'Try it:';
  const parts: (readonly [head: string, lines: readonly string[]])[] = [
    [head, [pushLine(url, config)]],
    ['and see what the device got:', [`${curl(config)} ${url}/sandbox/deliveries${signed(config)}`]],
  ];
  if (person !== undefined && isOpen(config)) {
    const [line = '', words = ''] = personLines(url, config, person, command);
    parts.push([`or send to a person, ${person}, who has three phones, and see what was decided for each:`, [line]]);
    parts.push(['and the same in words:', [words]]);
  }
  if (hasConsole(config)) parts.push(['or watch it in a browser:', [`${url}/console`]]);
  if (config.history.enabled) parts.push(['or in a terminal:', [`${command} tail --url ${url}`]]);
  return parts.map(([head, lines]) => `\n${head}\n\n${lines.map((line) => `  ${line}\n`).join('')}`).join('');
}
