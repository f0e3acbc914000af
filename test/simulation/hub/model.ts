/**
 * The promises of the hub about people, said again in a few plain rules that share no code with it: what there is, whose it is, and
 * what may leave now. Changed by what callers have asked for, in the order of the commits.
 */

export interface QuietTimes {
  /** Minutes of the day, in UTC; the end is not part of it. */
  readonly from: number;
  readonly until: number;
  readonly action: 'hold' | 'drop' | 'silent' | 'digest';
  readonly allowsCritical: boolean;
}

export interface Wishes {
  readonly enabled: boolean;
  readonly offTypes: readonly string[];
  /** Wanted by mail, and by nothing else. */
  readonly mailTypes: readonly string[];
  readonly push: boolean | 'never';
  readonly email: boolean | 'never';
  readonly quiet: QuietTimes | undefined;
}

export const NO_WISHES: Wishes = {
  ...{ enabled: true, offTypes: [], mailTypes: [], push: true, email: true, quiet: undefined },
};

export interface ModelPerson {
  email: string | undefined;
  hasConsent: boolean;
  wishes: Wishes;
  /** UNIX milliseconds. */
  snoozedUntil: number;
  snoozeEnd: 'release' | 'digest' | 'clear';
}

export interface ModelDevice {
  token: string;
  owners: readonly string[];
  enabled: boolean;
  isDead: boolean;
}

export interface ModelNotification {
  readonly id: string;
  readonly users: readonly string[] | 'everyone';
  readonly devices: readonly string[];
  readonly type: string;
  readonly priority: 'low' | 'medium' | 'critical';
  readonly expiresAt: number | undefined;
  readonly sendAt: number | undefined;
  readonly collapseKey: string | undefined;
  readonly cancelKey: string | undefined;
  readonly isDigested: boolean;
  /** The order of acceptance. */
  readonly serial: number;
  isCancelled: boolean;
  readonly read: Set<string>;
  readonly seen: Set<string>;
  readonly acked: Set<string>;
  /** People for whom a later one with its collapse key was decided about. */
  readonly superseded: Set<string>;
  /** People who were erased since. */
  readonly erased: Set<string>;
}

export type AskedChannel = 'push' | 'email' | 'realtime';

export class Model {
  readonly people = new Map<string, ModelPerson>();
  readonly devices = new Map<string, ModelDevice>();
  readonly notifications = new Map<string, ModelNotification>();
  #serial = 0;

  person(id: string): ModelPerson {
    const known = this.people.get(id);
    if (known) return known;
    const person: ModelPerson = {
      ...{ email: undefined, hasConsent: false, wishes: NO_WISHES, snoozedUntil: 0, snoozeEnd: 'release' },
    };
    this.people.set(id, person);
    return person;
  }

  /** A token has one row: another one with it goes. */
  register(id: string, token: string, owners: readonly string[], enabled: boolean): void {
    for (const [other, device] of this.devices) if (device.token === token && other !== id) this.devices.delete(other);
    for (const owner of owners) this.person(owner);
    this.devices.set(id, { token, owners, enabled, isDead: false });
  }

  erase(user: string): void {
    this.people.delete(user);
    for (const [id, device] of this.devices) {
      const others = device.owners.filter((owner) => owner !== user);
      if (others.length === device.owners.length) continue;
      if (others.length === 0) this.devices.delete(id);
      else device.owners = others;
    }
    for (const notification of this.notifications.values()) notification.erased.add(user);
  }

  accept(
    notification: Omit<
      ModelNotification,
      'serial' | 'isCancelled' | 'read' | 'seen' | 'acked' | 'superseded' | 'erased'
    >,
  ): void {
    this.notifications.set(notification.id, {
      ...notification,
      ...{ serial: this.#serial++, isCancelled: false },
      ...{ read: new Set(), seen: new Set(), acked: new Set(), superseded: new Set(), erased: new Set() },
    });
  }

  /** A person was decided about: what the notification replaces may not leave to that person any more. */
  decided(id: string, user: string): void {
    const own = this.notifications.get(id);
    if (own?.collapseKey === undefined) return;
    for (const other of this.notifications.values())
      if (other.collapseKey === own.collapseKey && other.serial < own.serial) other.superseded.add(user);
  }

  cancel(test: (notification: ModelNotification) => boolean): void {
    for (const notification of this.notifications.values()) if (test(notification)) notification.isCancelled = true;
  }

  isQuiet(user: string, { priority }: Pick<ModelNotification, 'priority'>, at: number): QuietTimes | undefined {
    const quiet = this.people.get(user)?.wishes.quiet;
    if (!quiet || (quiet.allowsCritical && priority === 'critical')) return undefined;
    const minute = Math.floor(at / 60_000) % 1440;
    return quiet.from <= minute && minute < quiet.until ? quiet : undefined;
  }

  isSnoozed(user: string, { priority }: Pick<ModelNotification, 'priority'>, at: number): boolean {
    const person = this.people.get(user);
    const passes = priority === 'critical' && (person?.wishes.quiet?.allowsCritical ?? true);
    return person !== undefined && person.snoozedUntil > at && !passes;
  }

  /** Quiet hours drop it, or a snooze that clears lasts as long as they do. */
  isDropped(user: string, notification: Pick<ModelNotification, 'priority'>, at: number): boolean {
    const quiet = this.isQuiet(user, notification, at);
    const isToClear = this.isSnoozed(user, notification, at) && this.people.get(user)?.snoozeEnd === 'clear';
    return quiet !== undefined && (quiet.action === 'drop' || isToClear);
  }

  /** Whether settings rule it out, whatever the time. */
  isUnwanted(user: string, notification: Pick<ModelNotification, 'priority' | 'type'>, channel: AskedChannel): boolean {
    const { wishes } = this.people.get(user) ?? { wishes: NO_WISHES };
    const toggle = channel === 'realtime' ? true : wishes[channel];
    return (
      !wishes.enabled ||
      this.isOffType(user, notification, channel) ||
      toggle === 'never' ||
      (toggle === false && notification.priority !== 'critical')
    );
  }

  isOffType(user: string, { type }: Pick<ModelNotification, 'type'>, channel: AskedChannel): boolean {
    const { wishes } = this.people.get(user) ?? { wishes: NO_WISHES };
    return wishes.offTypes.includes(type) || (channel !== 'email' && wishes.mailTypes.includes(type));
  }

  canReach(user: string, device: string): boolean {
    const known = this.devices.get(device);
    return known !== undefined && !known.isDead && known.enabled && known.owners.includes(user);
  }

  /** Why it must not leave to a person now; undefined: it may. */
  whyNot(notification: ModelNotification, user: string, at: number): string | undefined {
    if (notification.erased.has(user) || !this.people.has(user)) return 'the person was erased';
    if (notification.isCancelled) return 'it was cancelled';
    if (notification.superseded.has(user)) return 'it was superseded';
    if (notification.read.has(user)) return 'the person has read it';
    if (notification.expiresAt !== undefined && notification.expiresAt <= at) return 'it has expired';
    if (notification.sendAt !== undefined && notification.sendAt > at) return 'it is scheduled for later';
    return undefined;
  }

  /** The same of one way to that person. */
  whyNotBy(
    notification: Pick<ModelNotification, 'priority' | 'type'>,
    user: string,
    way: { readonly channel: AskedChannel; readonly device: string },
    at: number,
  ): string | undefined {
    const { channel, device } = way;
    if (this.isUnwanted(user, notification, channel)) return 'it is switched off';
    const quiet = this.isQuiet(user, notification, at);
    if (quiet && quiet.action !== 'silent') return 'these are quiet hours';
    if (this.isSnoozed(user, notification, at)) return 'the person has snoozed';
    if (channel === 'push' && !this.canReach(user, device)) return 'the device is not theirs, off or dead';
    const person = this.people.get(user);
    if (channel === 'email' && (!person?.email || !person.hasConsent)) return 'no address, or no consent';
    return undefined;
  }

  /** Where it has to arrive. */
  targetOf(user: string, device: string): string | undefined {
    return device === '' ? this.people.get(user)?.email : this.devices.get(device)?.token;
  }
}
