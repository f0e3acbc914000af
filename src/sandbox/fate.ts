/**
 * What a token asks the sandbox to do to it. Two spellings, both documented in docs/sandbox.md: `dead` and four digits at
 * the head of a hexadecimal token (APNs), `sandbox-NAME` at the head of any other.
 */
export const fates = {
  unregistered: { hex: 'dead0410', told: '410 Unregistered · FCM 404 UNREGISTERED · HMS illegal token' },
  expired: { hex: 'dead1410', told: '410 ExpiredToken · FCM and HMS as `unregistered`' },
  'bad-token': { hex: 'dead0400', told: '400 BadDeviceToken · FCM 400 INVALID_ARGUMENT · HMS illegal token' },
  'wrong-topic': {
    hex: 'dead1400',
    told: '400 DeviceTokenNotForTopic · FCM 403 SENDER_ID_MISMATCH · HMS illegal token',
  },
  busy: { hex: 'dead0429', told: '429 with `Retry-After: 1`, always' },
  'busy-once': { hex: 'dead1429', told: '429 with `Retry-After: 1`, then accepted' },
  'down-twice': { hex: 'dead0503', told: '503 twice, then accepted' },
  down: { hex: 'dead1503', told: '503, always' },
  'stale-credential': { hex: 'dead0403', told: '403 ExpiredProviderToken (FCM 401, HMS 80200003) once, then accepted' },
  'bad-credential': {
    hex: 'dead1403',
    told: '403 InvalidProviderToken · FCM 401 THIRD_PARTY_AUTH_ERROR · HMS 80300002',
  },
  slow: { hex: 'dead0200', told: 'accepted after 2 seconds' },
  silent: { hex: 'dead0000', told: 'never answered' },
  reset: { hex: 'dead0003', told: 'RST_STREAM (INTERNAL_ERROR) once, then accepted' },
  goaway: { hex: 'dead0007', told: 'GOAWAY, and REFUSED_STREAM for this push, once, then accepted' },
  cut: { hex: 'dead00ff', told: 'the connection is reset once, then accepted' },
} as const satisfies Record<string, { hex: string; told: string }>;

export type Fate = keyof typeof fates;

const byHex = new Map(Object.entries(fates).map(([name, { hex }]) => [hex as string, name as Fate]));
const HEX_HEAD = /^dead[0-9a-f]{4}/;
// The longest name first: `busy-once` is not `busy`.
const names = Object.keys(fates).sort((a, b) => b.length - a.length);
const NAME_HEAD = new RegExp(`^sandbox-(${names.join('|')})(?![a-z])`);

/** The fate that a token (or topic) spells, if any. */
export function fateOf(target: string): Fate | undefined {
  if (target.startsWith('dead')) return byHex.get(HEX_HEAD.exec(target)?.[0] ?? '');
  if (!target.startsWith('sandbox-')) return undefined;
  return NAME_HEAD.exec(target)?.[1] as Fate | undefined;
}
