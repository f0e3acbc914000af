import type { ProviderRow } from '../../carrier/provider-row.ts';
import type { ConfigDocument } from '../../config/leaf.ts';
import { parseDuration } from '../../kit/duration.ts';
import { ConfigError } from '../../kit/errors.ts';
import { isObject } from '../../kit/is-object.ts';
import { checked, isFaulty, listOf, mapOf, type Reader, readBody, shape } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { toMs } from '../../kit/seconds.ts';
import { zoneName } from '../../kit/time/wall-time.ts';
import { hasOwnCredential } from '../../providers/app-sections.ts';
import { type AppSettings, builtIn, type FullConfig } from '../../providers/registry.ts';
import { type DeviceSettings, readDeviceSettings } from '../settings/settings.ts';
import { channels } from '../words/channel.ts';
import { canonicalTag } from '../words/language-tag.ts';
import type { Priority } from '../words/priority.ts';
import { patternFault } from '../words/type-pattern.ts';
import type { HubPolicy, Limit, LimitPolicy } from './policy.ts';

type Section = FullConfig['hub'];
type Own = NonNullable<AppSettings['hub']>;

/** Where the policy of an app comes from. */
export interface PolicySources {
  readonly config: FullConfig;
  readonly app: string;
  /** What the app sets itself; of `default` nothing. */
  readonly settings?: AppSettings | undefined;
}

/** `apns-topic` of the hub's pushes: an app with a credential of its own does not take the bundle id of another. */
function iosTopicOf({ config, settings = {} }: PolicySources): string {
  const row = builtIn.ofPlatform('ios') as ProviderRow;
  const inherited = hasOwnCredential(settings, row) ? '' : config.ios.topic;
  return settings.default_topic || settings.ios?.topic || inherited;
}

/**
 * What is decided for an app: `hub.*` with the app's own over it.
 * @throws ConfigError naming the key
 */
export function hubPolicy(sources: PolicySources): HubPolicy {
  const { hub } = sources.config;
  const own: Own = sources.settings?.hub ?? {};
  const keyOf = (key: keyof Own): string => `${key in own ? `apps.${sources.app}.hub` : 'hub'}.${key}`;
  const section = { ...hub, ...own } as Section;
  const priorities = Object.fromEntries(
    Object.entries(hub.priorities).map(([word, values]) => [
      word,
      { ...values, ...own.priorities?.[word as Priority] },
    ]),
  ) as HubPolicy['priorities'];
  for (const [word, { channels: named }] of Object.entries(priorities))
    if (named.length === 0) throw new ConfigError(`${keyOf('priorities')}.${word}.channels`, 'must name a channel');
  return {
    priorities,
    defaults: defaultsOf(section.defaults, keyOf('defaults')),
    limits: limitsOf(section.limits, keyOf('limits')),
    timezone: known(zoneName(section.timezone), keyOf('timezone'), 'must be a time zone of the IANA database'),
    locale: localeOf(section.locale, keyOf('locale')),
    realtimeTimeoutMs: toMs(section.realtime_timeout),
    pushFallbackDelayMs: toMs(section.push_fallback_delay),
    escalateUnreadAfterMs: toMs(section.escalate_unread_after),
    consentRequired: section.consent_required,
    confidentialText: known(section.confidential_text || undefined, keyOf('confidential_text'), 'must not be empty'),
    learnChannels: section.learn_channels,
    clearOnRead: section.clear_on_read,
    prices: { ...hub.costs, ...own.costs },
    iosTopic: iosTopicOf(sources),
    sendsNoPushes: sources.config.hub.push.mode === 'none',
  };
}

function known<T>(value: T | undefined, key: string, text: string): T {
  if (value === undefined) throw new ConfigError(key, text);
  return value;
}

const localeOf = (locale: string, key: string): string =>
  locale === '' ? '' : known(canonicalTag(locale), key, 'must be a language tag such as de or pt-BR');

/** A document that `reader` understands. @throws ConfigError with the path of the first mistake behind the key */
function read<T extends object>(reader: Reader<T>, document: ConfigDocument, key: string): T {
  const value = readBody(reader, document);
  if (!isFaulty(value)) return value as T;
  const { path, reason } = value[0] as FaultyField;
  throw new ConfigError(path === '' ? key : `${key}.${path}`, reason);
}

const defaultsOf = (document: ConfigDocument, key: string): DeviceSettings =>
  read(readDeviceSettings, document === '' ? {} : document, key);

const limit: Reader<Limit> = checked(
  shape({ max: (value: unknown) => value, per: (value: unknown) => value }),
  ({ max, per }, at, faults) => {
    const per_ms = parseDuration(per);
    if (!Number.isInteger(max) || (max as number) < 1)
      faults.push({ path: `${at}.max`, reason: 'must be a whole number, 1 or more' });
    if (per_ms === undefined || per_ms === 0)
      faults.push({ path: `${at}.per`, reason: 'must be a duration such as 15m' });
    return { max: max as number, per_ms: per_ms ?? 0 };
  },
);

const list = listOf(limit, 20);
/** `off` is no limit. */
const limits: Reader<readonly Limit[]> = (value, at, faults) => (value === 'off' ? [] : list(value, at, faults));

const byChannel = Object.fromEntries(channels.map((name) => [name, limits])) as Record<
  (typeof channels)[number],
  typeof limits
>;

const limitPolicy: Reader<LimitPolicy> = checked(
  shape({ ...byChannel, types: mapOf(shape(byChannel), 1000, patternFault) }),
  ({ types = {}, ...channelLimits }) => ({ channels: channelLimits, types }),
);

function limitsOf(document: ConfigDocument, key: string): LimitPolicy {
  if (document === 'off') return { channels: {}, types: {} };
  if (!isObject(document)) throw new ConfigError(key, 'must be a map of channels and types, or off');
  return read(limitPolicy, document, key);
}
