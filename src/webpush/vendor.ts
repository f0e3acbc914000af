/** Whose push service it is; the words of metrics, in which no host that a device chose may stand. */
export type Vendor = 'google' | 'mozilla' | 'apple' | 'microsoft' | 'other';

const SUFFIXES = [
  ['.googleapis.com', 'google'],
  ['.push.services.mozilla.com', 'mozilla'],
  ['.push.apple.com', 'apple'],
  ['.notify.windows.com', 'microsoft'],
] as const satisfies (readonly [string, Vendor])[];

/** The push services of the browsers; `web.hosts` by default. */
export const VENDOR_HOSTS: readonly string[] = SUFFIXES.map(([suffix]) => `*${suffix}`);

/** @param host lower case, without port and trailing dot */
export const vendorOf = (host: string): Vendor => SUFFIXES.find(([suffix]) => host.endsWith(suffix))?.[1] ?? 'other';

/** The one host of each service that has one for all; Microsoft has one for each data centre. */
export const SINGLE_HOSTS: readonly string[] = [
  'fcm.googleapis.com',
  'web.push.apple.com',
  'updates.push.services.mozilla.com',
];
