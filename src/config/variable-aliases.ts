import type { EnvironmentVariables } from './environment.ts';

interface Alias {
  readonly name: string;
  /** What the key gets, of what the variable says; default: the same. */
  readonly value?: (text: string) => string;
}

const FALSE = /^(?:0|f|false|no|off)$/i;

/** Names that push servers beside APNs' own libraries have had for keys, the one that counts first. */
const ALIASES: Readonly<Record<string, readonly Alias[]>> = {
  'ios.key_path': [{ name: 'APNS_AUTH_KEY_PATH' }],
  'ios.key_id': [{ name: 'APNS_AUTH_KEY_ID' }],
  'ios.team_id': [{ name: 'APNS_TEAM_ID' }],
  'ios.topic': [{ name: 'APNS_TOPIC' }],
  'ios.production': [
    { name: 'APNS_PRODUCTION' },
    { name: 'APNS_USE_SANDBOX', value: (text) => String(FALSE.test(text)) },
  ],
};

/** The variable of another name that sets a key where the hub is on, and its value. Variables with our prefixes count before it. */
export function fromAlias(env: EnvironmentVariables, path: string): { name: string; value: string } | undefined {
  for (const { name, value = String } of ALIASES[path] ?? []) {
    const text = env[name];
    if (text !== undefined && text !== '') return { name, value: value(text) };
  }
  return undefined;
}
