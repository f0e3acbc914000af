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

/** Times of day that two variables say, hour and minute; each stands for itself where the other is not set. */
interface TimeAlias {
  readonly hour: string;
  readonly minute?: string;
  readonly byDefault: readonly [hour: string, minute: string];
}

const TIMES: Readonly<Record<string, TimeAlias>> = {
  'hub.tasks.reminder_at': { hour: 'TASK_REMINDER_HOUR', minute: 'TASK_REMINDER_MINUTE', byDefault: ['20', '00'] },
  'hub.tasks.overdue_at': { hour: 'OVERDUE_REMINDER_HOUR', byDefault: ['09', '00'] },
  'hub.tasks.digest_at': { hour: 'DAILY_DIGEST_HOUR', byDefault: ['11', '00'] },
};

/** What is no number of a clock is left as it is, for the check of the key to name. */
function timeOf(env: EnvironmentVariables, { hour, minute = '', byDefault }: TimeAlias) {
  const given = [env[hour], env[minute]];
  const name = given[0] ? hour : given[1] ? minute : undefined;
  if (name === undefined) return undefined;
  return { name, value: given.map((part, i) => (part || (byDefault[i] as string)).padStart(2, '0')).join(':') };
}

/** The variable of another name that sets a key where the hub is on, and its value. Variables with our prefixes count before it. */
export function fromAlias(env: EnvironmentVariables, path: string): { name: string; value: string } | undefined {
  const time = TIMES[path];
  if (time) return timeOf(env, time);
  for (const { name, value = String } of ALIASES[path] ?? []) {
    const text = env[name];
    if (text !== undefined && text !== '') return { name, value: value(text) };
  }
  return undefined;
}
