/** The settings of people, as the other parts of the hub know them: what holds for a person, what it forbids, and what has to wait. */
import type { Reader } from '../../kit/json/readers.ts';
import type { Channel } from '../words/channel.ts';
import type { Priority } from '../words/priority.ts';
import type { OtherZones, PersonZone } from '../words/time-zone.ts';
import { nextDigest } from './digest-time.ts';
import { type AboutNotification, type Forbidding, forbids } from './forbids.ts';
import { quietFor, zoneOfRules } from './quiet-for.ts';
import { type QuietAction, quietActions } from './quiet-hours-doc.ts';
import { type Rules, rulesOf } from './rules.ts';
import { type DeviceSettings, deviceSettings, type SettingsDoc } from './settings-doc.ts';
import { type Snooze, type SnoozeEnd, snoozeFor } from './snooze.ts';

export type { AboutNotification, Forbidding } from './forbids.ts';
export type { QuietAction } from './quiet-hours-doc.ts';
export type { DeviceSettings, SettingsDoc } from './settings-doc.ts';
export type { Snooze } from './snooze.ts';

/** Reads `settings` of a device, and `hub.defaults`. */
export const readDeviceSettings: Reader<DeviceSettings> = deviceSettings;

export interface EffectiveSettings extends Rules {
  readonly locale?: string;
  readonly snooze?: Snooze;
  /** By device id. */
  readonly devices: Readonly<Record<string, DeviceSettings>>;
}

/** What holds for a person: the own document over `hub.defaults`. A snooze may be over. */
export function effectiveSettings(defaults: DeviceSettings, doc: SettingsDoc = {}, snooze?: Snooze): EffectiveSettings {
  const locale = doc.locale ?? defaults.locale;
  return {
    ...rulesOf('person', doc, defaults),
    ...(locale === undefined ? {} : { locale }),
    ...(snooze ? { snooze } : {}),
    devices: doc.devices ?? {},
  };
}

/** A device as far as settings are concerned. */
export interface DeviceWithSettings {
  readonly id: string;
  readonly settings?: DeviceSettings;
}

/**
 * What must all allow a push to a device: the person's rules, those that the person has for the device, and those that the device
 * brought. So a device can forbid more and allow nothing. `then` and `allow` of a device that says nothing of them are the person's.
 */
function rulesFor(settings: EffectiveSettings, device?: DeviceWithSettings): readonly Rules[] {
  if (!device) return [settings];
  const own = Object.hasOwn(settings.devices, device.id) ? settings.devices[device.id] : undefined;
  const { then, allow } = settings.quiet_hours;
  const more = [own, device.settings].filter((each) => each !== undefined);
  return [settings, ...more.map((each) => rulesOf('device', each, { quiet_hours: { then, allow } }))];
}

/** Why settings do not let a notification through on a channel, or to a device, whatever the time; undefined: they do. */
export function forbidden(
  settings: EffectiveSettings,
  about: AboutNotification,
  channel: Channel,
  device?: DeviceWithSettings,
): Forbidding | undefined {
  for (const rules of rulesFor(settings, device)) {
    const because = forbids(rules, about, channel);
    if (because) return because;
  }
  return undefined;
}

/** The zone of a person's clock, and where it is from: what answers show. */
export const personZone = (settings: EffectiveSettings, others: OtherZones): PersonZone =>
  zoneOfRules(settings, others);

/** Something that is to wait, to be silent, or to be left out because of the time that it is. */
export interface Waiting extends PersonZone {
  readonly reason: 'quiet_hours' | 'snoozed' | 'digested';
  readonly then: QuietAction;
  /** UNIX milliseconds at which it is to be asked again. */
  readonly until: number;
  readonly of: Rules['of'];
}

const AT_END: Readonly<Record<SnoozeEnd, QuietAction>> = { release: 'hold', digest: 'digest', clear: 'drop' };

const strictness = ({ then }: Waiting): number => quietActions.indexOf(then);

interface WhereAndWhen {
  readonly device?: DeviceWithSettings;
  readonly zones: OtherZones;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Whether the time matters at all: most people have neither quiet hours nor a snooze nor a digest, and their clocks need not be asked. */
export const mayWait = (settings: EffectiveSettings, device?: DeviceWithSettings): boolean =>
  settings.snooze !== undefined ||
  rulesFor(settings, device).some(({ quiet_hours, digest }) => quiet_hours.windows.length > 0 || digest.mode !== 'off');

/** Quiet hours and snooze that are on for a priority. */
function pauses(
  settings: EffectiveSettings,
  all: readonly Rules[],
  priority: Priority,
  { zones, now }: WhereAndWhen,
): Waiting[] {
  const quiet = quietFor(all, priority, zones, now);
  const snooze = snoozeFor(settings, priority, now);
  const then = snooze && AT_END[snooze.on_end];
  return [
    ...(quiet ? [{ reason: 'quiet_hours' as const, ...quiet }] : []),
    ...(snooze && then
      ? [
          {
            reason: 'snoozed' as const,
            of: 'person' as const,
            then,
            until: snooze.until,
            ...personZone(settings, zones),
          },
        ]
      : []),
  ];
}

/** Quiet hours or a snooze that are on, even for what would come through them; undefined: the person is awake. */
export function asleep(settings: EffectiveSettings, at: WhereAndWhen): Waiting | undefined {
  const letting = <Some extends Rules>(rules: Some): Some => ({
    ...rules,
    quiet_hours: { ...rules.quiet_hours, allow: [] },
  });
  const all = rulesFor(settings, at.device).map(letting);
  return pauses(letting(settings), all, 'critical', at).sort((a, b) => b.until - a.until)[0];
}

/**
 * Whether a notification that settings do not forbid may disturb now; undefined: it may. Quiet hours and snooze together last until
 * the later end, and the stricter says what becomes of it. Else a digest that the person has asked for takes it.
 * @param now UNIX milliseconds
 */
export function waiting(
  settings: EffectiveSettings,
  { priority }: Pick<AboutNotification, 'priority'>,
  at: WhereAndWhen,
): Waiting | undefined {
  const { device, zones, now } = at;
  const all = rulesFor(settings, device);
  const both = pauses(settings, all, priority, at);
  const stops = both.filter(({ then }) => then !== 'silent').sort((a, b) => b.until - a.until);
  const [last] = stops;
  if (last) return { ...last, then: stops.toSorted((a, b) => strictness(b) - strictness(a))[0]?.then ?? last.then };
  return digesting(all, priority, zones, now) ?? both[0];
}

/** The digest that takes it, the latest where a device has one of its own. */
function digesting(all: readonly Rules[], priority: Priority, zones: OtherZones, now: number): Waiting | undefined {
  const digests = all.flatMap((rules): Waiting[] => {
    const { mode, at } = rules.digest;
    if (mode === 'off' || rules.quiet_hours.allow.includes(priority)) return [];
    const zone = zoneOfRules(rules, zones);
    const until = nextDigest(mode, at, zone.timezone, now);
    return [{ reason: 'digested', then: 'digest', until, of: rules.of, ...zone }];
  });
  return digests.sort((a, b) => b.until - a.until)[0];
}
