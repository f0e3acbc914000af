import type { Channel } from '../words/channel.ts';
import type { Priority } from '../words/priority.ts';
import type { EffectiveQuietHours } from './quiet-hours.ts';
import type { QuietHours } from './quiet-hours-doc.ts';
import type { ChannelSwitch, DeviceSettings, DigestMode, TypeSwitch } from './settings-doc.ts';

/** What one document says, with everything filled in: that of a person, or that of a device. */
export interface Rules {
  readonly of: 'person' | 'device';
  readonly enabled: boolean;
  /** Empty: all. */
  readonly severities: readonly string[];
  readonly statuses: readonly string[];
  readonly min_severity?: string;
  /** One after another: the first that has a pattern for a type decides. A person's own come before `hub.defaults`. */
  readonly types: readonly Readonly<Record<string, TypeSwitch>>[];
  readonly channels: Readonly<Partial<Record<Channel, ChannelSwitch>>>;
  readonly quiet_hours: EffectiveQuietHours;
  readonly digest: { readonly mode: DigestMode; readonly at: string };
}

const DIGEST_AT = '09:00';
const ALLOW: readonly Priority[] = ['critical'];

/** One document over another, field by field. */
export function rulesOf(of: Rules['of'], own: DeviceSettings, byDefault: DeviceSettings): Rules {
  const least = own.min_severity ?? byDefault.min_severity;
  return {
    of,
    enabled: own.enabled ?? byDefault.enabled ?? true,
    severities: own.severities ?? byDefault.severities ?? [],
    statuses: own.statuses ?? byDefault.statuses ?? [],
    ...(least === undefined ? {} : { min_severity: least }),
    types: [own.types, byDefault.types].filter((each) => each !== undefined),
    channels: { ...byDefault.channels, ...own.channels },
    quiet_hours: quietOf(own.quiet_hours, byDefault.quiet_hours),
    digest: {
      mode: own.digest?.mode ?? byDefault.digest?.mode ?? 'off',
      at: own.digest?.at ?? byDefault.digest?.at ?? DIGEST_AT,
    },
  };
}

function quietOf(own: QuietHours = {}, byDefault: QuietHours = {}): EffectiveQuietHours {
  const timezone = own.timezone ?? byDefault.timezone;
  return {
    ...(timezone === undefined ? {} : { timezone }),
    windows: own.windows ?? byDefault.windows ?? [],
    then: own.then ?? byDefault.then ?? 'hold',
    allow: own.allow ?? byDefault.allow ?? ALLOW,
  };
}
