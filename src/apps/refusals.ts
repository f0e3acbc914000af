import type { ProviderTable } from '../providers/registry.ts';
import type { Failed } from '../push/push.ts';

const disabled = (reason: string, error: string): Failed => ({ kind: 'failed', category: 'disabled', reason, error });

/** @param name of the platform */
export const platformOff = (name: string): Failed =>
  disabled('PlatformDisabled', `the platform ${name} is off; set ${name}.enabled: true and its credentials`);

export const unknownPlatform = (platform: number, { rows }: ProviderTable): Failed => {
  const [first, ...others] = rows.map(({ number, title }) => [number, title.platform] as const);
  const known = [`${first?.[0]} is ${first?.[1]}`, ...others.map(([number, title]) => `${number} ${title}`)];
  return disabled('UnknownPlatform', `there is no platform ${platform}; ${known.join(', ')}`);
};

export const noSuchApp = (why = 'there is no such app'): Failed => disabled('UnknownApp', why);

export const notConfigured = (app: string, platform: string): Failed =>
  disabled('PushNotConfigured', `the app ${app} has no credential for ${platform}`);
