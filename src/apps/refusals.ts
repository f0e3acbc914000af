import type { Failed } from '../push/push.ts';

const disabled = (reason: string, error: string): Failed => ({ kind: 'failed', category: 'disabled', reason, error });

/** @param name of the platform */
export const platformOff = (name: string): Failed =>
  disabled('PlatformDisabled', `the platform ${name} is off; set ${name}.enabled: true and its credentials`);

export const unknownPlatform = (platform: number): Failed =>
  disabled('UnknownPlatform', `there is no platform ${platform}; 1 is iOS, 2 Android, 3 Huawei`);

export const noSuchApp = (why = 'there is no such app'): Failed => disabled('UnknownApp', why);

export const notConfigured = (app: string, platform: string): Failed =>
  disabled('PushNotConfigured', `the app ${app} has no credential for ${platform}`);
