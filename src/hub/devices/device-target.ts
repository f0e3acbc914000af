import type { FaultyField } from '../../kit/refusal.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { Environment, Notification } from '../../push/push.ts';
import type { HubSeal } from '../storage/storage.ts';
import type { GivenDevice } from './parse-device.ts';

/** The providers that devices can be registered for, and an app's settings for them. */
export interface DevicePlatforms {
  readonly providers: ProviderTable;
  /** The section of an app (`ios`), the file's defaults included; undefined: it has none. */
  readonly sectionOf: (app: string, platform: string) => unknown;
}

/** Where a device's pushes go. */
export interface DeviceTarget {
  readonly platform: string;
  readonly kind: string;
  readonly environment: string;
  /** The token, or the JSON of a subscription. */
  readonly target: string;
  /** Keyed hash of what it is known by. */
  readonly token_hash: string;
  /** That someone knows it proves nothing. */
  readonly isGuessable: boolean;
}

const fault = (path: string, reason: string): readonly FaultyField[] => [{ path, reason }];

/** What tokens are hashed with: the same text can be a token of two platforms. */
export const tokenHash = (seal: HubSeal, app: string, platform: string, identity: string): string =>
  seal.hash(`token:${platform}`, app, identity);

const oneOf = (words: readonly string[]): string => `must be one of ${words.join(', ')}`;

/**
 * Checks what a device is registered with by the rules of its platform.
 * @returns undefined when the body brings no token; what is wrong, without a token in it
 */
export function readTarget(
  seal: HubSeal,
  { providers, sectionOf }: DevicePlatforms,
  app: string,
  given: GivenDevice,
): DeviceTarget | undefined | readonly FaultyField[] {
  const row = given.platform === undefined ? undefined : providers.ofPlatform(given.platform);
  if (given.platform !== undefined && !row?.devices) return fault('platform', oneOf(platformsIn(providers)));
  if (given.token === undefined && given.subscription === undefined) return undefined;
  if (given.platform === undefined || !row?.devices) return fault('platform', 'is missing');
  const { devices, environments, requests } = row;
  const section = sectionOf(app, given.platform) as never;
  const { kind = devices.kinds[0] } = given;
  if (!devices.kinds.includes(kind)) return fault('kind', oneOf(devices.kinds));
  const usual = requests.environmentOf?.({} as Notification, section) ?? environments[0];
  const { environment = usual } = given;
  if (!environments.includes(environment as Environment)) return fault('environment', oneOf(environments));
  const target = targetIn(given, devices.ofSubscription);
  if (typeof target !== 'string') return target;
  const wrong = devices.fault(target, section);
  if (wrong)
    return fault(
      [given.subscription ? 'subscription' : 'token', ...(wrong.field ? [wrong.field] : [])].join('.'),
      wrong.why,
    );
  const identity = devices.identity?.(target, section) ?? target;
  return {
    platform: given.platform,
    kind,
    environment,
    target,
    token_hash: tokenHash(seal, app, given.platform, identity),
    isGuessable: devices.isGuessable?.(target) === true,
  };
}

const platformsIn = ({ rows }: ProviderTable): string[] =>
  rows.filter(({ devices }) => devices).map(({ platform }) => platform);

type OfSubscription = ((given: Readonly<Record<string, unknown>>) => string) | undefined;

/** A subscription's JSON may stand in `token`, as /api/push takes it. */
function targetIn({ token, subscription }: GivenDevice, of: OfSubscription): string | readonly FaultyField[] {
  if (!of) return token ?? fault('subscription', 'is for the platform web; this one has a token');
  if (subscription) return of(subscription);
  try {
    const read: unknown = JSON.parse(token as string);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return of(read as Record<string, unknown>);
  } catch {
    // The parser quotes what it was given.
  }
  return fault('token', 'is no push subscription; give it as subscription: {endpoint, keys}');
}

const SHORTEST_SHOWN = 16;

/** Enough to tell two tokens apart for someone who has them. */
export function maskedTarget(
  { providers }: Pick<DevicePlatforms, 'providers'>,
  platform: string,
  target: string,
): string {
  const masked = providers.ofPlatform(platform)?.requests.masked?.(target);
  if (masked !== undefined) return masked;
  return target.length < SHORTEST_SHOWN ? '***' : `***${target.slice(-4)}`;
}
