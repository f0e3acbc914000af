/**
 * Watches every transaction and every attempt of a history, and writes down each promise that is broken: nothing leaves that must not,
 * each decision ends once and for a reason that is true, and what was taken over is not sent by the one that it was taken from.
 */
import type { Outcome } from '../../../src/push/push.ts';
import type { Commit, CommitLog, DecisionChange, DecisionState, HandedRow } from './commit-log.ts';
import { type AskedChannel, type Model, type ModelNotification, NO_WISHES } from './model.ts';
import type { Fate } from './sim-carrier.ts';

export interface HubLedgerOptions {
  readonly model: Model;
  readonly log: CommitLog;
  /** Virtual milliseconds. */
  readonly now: () => number;
  /** Hears of everything that happens, for who plays a seed again. */
  readonly tell?: ((line: string) => void) | undefined;
  /** What a digest tells of, and how urgent it is. */
  digest(id: string): {
    readonly items: readonly string[];
    readonly priority: ModelNotification['priority'];
    /** Devices that it is for; undefined: all of the person's. */
    readonly devices: readonly string[] | undefined;
  };
}

/** A batch that was handed over: which decisions each target is for. */
interface Carried {
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Of commits. */
  readonly serial: number;
}

/** How one decision is being carried. */
interface Carriage {
  readonly batch: string;
  readonly target: string;
}

/** Whom a digest tells, and by what. */
interface Asking {
  readonly user: string;
  readonly channel: AskedChannel;
  readonly device: string;
}

interface Way {
  readonly notification: string;
  readonly user: string;
  readonly hop: number;
  readonly channel: string;
  readonly device: string;
}

const FINAL = new Set(['suppressed', 'cancelled', 'expired', 'failed', 'sent', 'delivered', 'seen', 'read']);
/** What may follow what: receipts and marks only lead on. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  sent: ['failed', 'delivered', 'seen', 'read'],
  failed: ['delivered', 'seen', 'read'],
  delivered: ['seen', 'read'],
  seen: ['read'],
};
/** Something leaves by it, or is to. */
const LIVING = new Set(['pending', 'deferred', 'sent']);
/** Items that a digest names. */
const MOST_NAMED = 10;
const REACHED = new Set(['sent', 'delivered', 'seen', 'read']);

const keyOf = ({ notification, user, hop, channel, device }: Way): string =>
  JSON.stringify([notification, user, hop, channel, device]);

const wayOf = (...of: readonly [notification: string, user: string, channel: string, device: string]): string =>
  JSON.stringify(of);

const isDigest = (id: string): boolean => id.startsWith('digest-');

export class HubLedger {
  readonly violations: string[] = [];
  readonly #options: HubLedgerOptions;
  readonly #batches = new Map<string, Carried>();
  readonly #carriages = new Map<string, Carriage>();
  /** When a decision left a batch for another one, by batch and target. */
  readonly #movedAt = new Map<string, number>();
  /** Final words of providers, by batch and target. */
  readonly #words = new Map<string, Outcome[]>();
  /** How often a provider took it, by decision. */
  readonly #taken = new Map<string, number>();
  /** Serials of the batches after which a token was called dead. */
  readonly #deaths = new Map<string, number>();
  readonly #registered = new Map<string, number>();
  readonly #digests = new Set<string>();
  /** Everything that was decided about. */
  readonly #decided = new Set<string>();
  #serial = 0;
  attempts = 0;

  constructor(options: HubLedgerOptions) {
    this.#options = options;
  }

  /** After each commit, once the model knows of the request that it was. @param wall clock of the instance */
  committed(wall: number): void {
    const commit = this.#options.log.take();
    if (!commit) return;
    this.#serial++;
    this.#tellOf(commit);
    this.#noteDead(commit.dead);
    this.#noteDecided(commit);
    this.#checkLate(commit, wall);
    this.#checkMade(commit, wall);
    for (const change of commit.decisions) this.#check(change, wall);
    for (const handed of commit.handed) this.#handed(handed);
  }

  #tellOf({ decisions, handed, dead }: Commit): void {
    const { tell, now } = this.#options;
    if (!tell) return;
    const told = (state: DecisionState | undefined): string =>
      state ? `${state.state} ${state.reason ?? ''}` : 'none';
    for (const change of decisions) tell(`${now()} ${keyOf(change)}: ${told(change.before)} → ${told(change.after)}`);
    for (const { batch, targets } of handed) tell(`${now()} handed over in ${batch}: ${JSON.stringify(targets)}`);
    for (const device of dead) tell(`${now()} dead: ${device}`);
  }

  /** A device was brought, with whatever token. */
  registered(device: string): void {
    this.#registered.set(device, this.#serial);
  }

  handedOver(batch: string, targets: readonly string[]): void {
    const known = this.#batches.get(batch);
    if (!known) {
      this.#broken(`batch ${batch} was handed over and is in no row`);
      return;
    }
    if (targets.length !== known.keys.size || targets.some((target) => !known.keys.has(target)))
      this.#broken(`batch ${batch} goes to ${targets.join()} instead of ${[...known.keys.keys()].join()}`);
    for (const target of targets)
      if (this.#movedAt.has(`${batch} ${target}`))
        this.#broken(`batch ${batch} was handed over to ${target} after another had taken it over`);
  }

  attempted(batch: string, target: string, fate: Fate, asked: number | undefined): void {
    this.attempts++;
    this.#options.tell?.(`${this.#options.now()} ${batch} is sent to ${target}: ${fate}`);
    const moved = this.#movedAt.get(`${batch} ${target}`);
    const now = this.#options.now();
    if (moved !== undefined && (asked ?? now) > moved)
      this.#broken(`${target} was sent to by ${batch} ${now - moved} ms after another had taken it over`);
    if (fate !== 'accept' && fate !== 'receipt' && fate !== 'lost') return;
    for (const key of this.#batches.get(batch)?.keys.get(target) ?? [])
      this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
  }

  ended(batch: string, target: string, outcome: Outcome): void {
    const name = `${batch} ${target}`;
    this.#words.set(name, [...(this.#words.get(name) ?? []), outcome]);
    if (outcome.kind === 'failed' && outcome.category === 'invalid_token')
      this.#deaths.set(target, this.#batches.get(batch)?.serial ?? 0);
  }

  /** Deliveries beyond the first of each decision. */
  get duplicates(): number {
    return [...this.#taken.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  #broken(text: string): void {
    this.violations.push(`${this.#options.now()} ms: ${text}`);
  }

  #noteDead(devices: readonly string[]): void {
    for (const id of devices) {
      const device = this.#options.model.devices.get(id);
      if (!device) continue;
      const serial = this.#deaths.get(device.token);
      if (serial === undefined || serial < (this.#registered.get(id) ?? 0))
        this.#broken(`device ${id} was taken for dead, and no provider has said so of what it has now`);
      device.isDead = true;
    }
  }

  #noteDecided({ decisions }: Commit): void {
    const { model } = this.#options;
    for (const { notification, user, before } of decisions) if (!before) model.decided(notification, user);
  }

  #notification(id: string): ModelNotification {
    const known = this.#options.model.notifications.get(id);
    if (known) return known;
    if (!isDigest(id)) this.#broken(`${id} was never accepted`);
    this.#options.model.accept({
      ...{ id, users: [], devices: [], type: 'digest', isDigested: false },
      priority: this.#options.digest(id).priority,
      ...{ expiresAt: undefined, sendAt: undefined, collapseKey: undefined, cancelKey: undefined },
    });
    return this.#options.model.notifications.get(id) as ModelNotification;
  }

  #check(change: DecisionChange, wall: number): void {
    const { before, after, user, notification: id } = change;
    const key = keyOf(change);
    this.#decided.add(wayOf(id, user, change.channel, change.device));
    const notification = this.#notification(id);
    if (!after) {
      const isErased = notification.erased.has(user);
      if (before && FINAL.has(before.state) && !isErased) this.#broken(`${key}: ${before.state} was deleted`);
      this.#carriages.delete(key);
      return;
    }
    if (before?.state === after.state && before.reason === after.reason) return;
    if (before && FINAL.has(before.state) && !(NEXT[before.state] ?? []).includes(after.state))
      this.#broken(`${key}: ${before.state} (${before.reason}) became ${after.state} (${after.reason})`);
    const why = this.#unjustified(notification, change, { before, after }, wall);
    if (why !== undefined) this.#broken(`${key}: ${after.state} (${after.reason}), and ${why}`);
    if (after.state === 'deferred') this.#moved(key);
  }

  /** A digest is made when something of it leaves: what it tells of would be over before. Only what a snooze is to clear waits for that. */
  #checkMade({ decisions }: Commit, wall: number): void {
    for (const [id, ways] of Map.groupBy(decisions, ({ notification }) => notification)) {
      if (!isDigest(id) || this.#digests.has(id)) continue;
      const states = new Set(ways.map(({ after }) => after?.state));
      const isToClear = ways.some(({ user }) => {
        const person = this.#options.model.people.get(user);
        return person?.snoozeEnd === 'clear' || person?.wishes.quiet?.action === 'drop';
      });
      if (states.has('deferred') && !states.has('pending') && !states.has('sent') && !isToClear)
        this.#broken(`${id} is made, and nothing of it leaves`);
      this.#digests.add(id);
      this.#checkWays(id, ways, decisions, wall);
    }
  }

  /**
   * What a digest tells by ways that it goes later may leave then. Of what a provider has taken the items are done, and to cancel them
   * changes nothing: a device that came since hears what the others did.
   */
  #checkLate({ handed }: Commit, wall: number): void {
    for (const { notification: id, channel, targets } of handed)
      if (this.#digests.has(id) && !this.#hasLeft(id))
        for (const user of new Set(targets.flatMap(({ users }) => users)))
          this.#checkTold(id, { user, channel: channel as AskedChannel }, wall);
  }

  #hasLeft(id: string): boolean {
    const begin = `${JSON.stringify([id]).slice(0, -1)},`;
    return [...this.#taken.keys()].some((key) => key.startsWith(begin));
  }

  #checkTold(digest: string, { user, channel }: Omit<Asking, 'device'>, wall: number): void {
    const { model } = this.#options;
    for (const id of this.#options.digest(digest).items) {
      const item = this.#notification(id);
      const isUnwanted = model.isUnwanted(user, item, channel);
      const why = isUnwanted ? 'it is switched off' : model.whyNot(item, user, wall);
      if (why !== undefined) this.#broken(`${digest} tells ${user} of ${id}, and ${why}`);
    }
  }

  /** Each way of a digest tells of what may leave by it when it is made: of what is collected for that channel, and of nothing else. */
  #checkWays(
    digest: string,
    ways: readonly DecisionChange[],
    decisions: readonly DecisionChange[],
    wall: number,
  ): void {
    const { items } = this.#options.digest(digest);
    const given = decisions.filter(({ after }) => after?.due === `digest:${digest}`);
    // The stream has it at once.
    const live = decisions.filter(({ before, after }) => before?.reason === 'digested' && after?.state === 'sent');
    const byOthers = decisions.filter(({ after }) => after?.due?.startsWith('digest:'));
    for (const { user, channel, device, after } of ways) {
      if (!after || !LIVING.has(after.state)) continue;
      this.#checkTold(digest, { user, channel: channel as AskedChannel }, wall);
      // A device that came after it was collected hears of it with the others of its channel.
      const isSince = (id: string): boolean => device !== '' && !this.#decided.has(wayOf(id, user, channel, device));
      const idsIn = (some: readonly DecisionChange[]): Set<string> =>
        new Set(some.filter((each) => each.channel === channel).map(({ notification }) => notification));
      const own = idsIn(given);
      const taken = own.union(idsIn(live));
      const elsewhere = idsIn(byOthers);
      for (const id of items)
        if (!taken.has(id) && !(isSince(id) && elsewhere.has(id)))
          this.#broken(`${digest} tells ${user} of ${id} by ${channel}, and has not taken it there`);
      if (items.length < own.size && items.length < MOST_NAMED)
        this.#broken(`${digest} tells ${user} of ${items.length} by ${channel}, and has taken ${own.size}`);
    }
  }

  #moved(key: string): void {
    const carriage = this.#carriages.get(key);
    if (!carriage) return;
    this.#carriages.delete(key);
    this.#movedAt.set(`${carriage.batch} ${carriage.target}`, this.#options.now());
  }

  #handed({ batch, notification: id, hop, channel, at, targets }: HandedRow): void {
    const { model } = this.#options;
    const notification = this.#notification(id);
    const keys = new Map<string, string[]>();
    for (const { device, users } of targets)
      for (const user of users) {
        const way = { notification: id, user, hop, channel, device };
        const asked = { channel: channel as AskedChannel, device };
        const why = model.whyNot(notification, user, at) ?? model.whyNotBy(notification, user, asked, at);
        if (why !== undefined) this.#broken(`${keyOf(way)} leaves, and ${why}`);
        if (!this.#isMeant(notification, user)) this.#broken(`${keyOf(way)} leaves, and is not for ${user}`);
        const target = model.targetOf(user, device) ?? `nowhere, for ${user}`;
        keys.set(target, [...(keys.get(target) ?? []), keyOf(way)]);
        this.#moved(keyOf(way));
        this.#carriages.set(keyOf(way), { batch, target });
      }
    this.#batches.set(batch, { keys, serial: this.#serial });
  }

  #isMeant({ id, users, devices }: ModelNotification, user: string): boolean {
    if (isDigest(id) || users === 'everyone' || users.includes(user)) return true;
    return devices.some((device) => this.#options.model.devices.get(device)?.owners.includes(user));
  }

  /** Why a state is not true; undefined: it is. */
  #unjustified(
    notification: ModelNotification,
    way: DecisionChange,
    { before, after }: { readonly before: DecisionState | undefined; readonly after: DecisionState },
    wall: number,
  ): string | undefined {
    // An item has what became of its digest.
    if (before?.due?.startsWith('digest:') && after.state !== 'deferred') return undefined;
    if (after.state === 'suppressed') return this.#notSuppressed(notification, way, after, wall);
    if (after.state === 'deferred') return this.#notDeferred(notification, way, after, wall);
    if (after.state === 'cancelled') return this.#notCancelled(notification, way, after, wall);
    if (after.state === 'expired')
      return (notification.expiresAt ?? Number.POSITIVE_INFINITY) <= wall ? undefined : 'it has not expired';
    if (REACHED.has(after.state) && !REACHED.has(before?.state ?? '') && way.channel !== 'realtime')
      return (this.#taken.get(keyOf(way)) ?? 0) > 0 ? undefined : 'no provider has taken it';
    if (after.state !== 'failed') return undefined;
    const { batch, target } = this.#carriages.get(keyOf(way)) ?? { batch: '', target: '' };
    const words = this.#words.get(`${batch} ${target}`) ?? [];
    return words.some(({ kind }) => kind === 'failed') ? undefined : 'no provider has said so of what carries it now';
  }

  #notSuppressed(
    notification: ModelNotification,
    { user, channel, device, before, hop }: DecisionChange,
    { reason }: DecisionState,
    wall: number,
  ): string | undefined {
    const { model } = this.#options;
    const person = model.people.get(user);
    const { wishes } = person ?? { wishes: NO_WISHES };
    const only = isDigest(notification.id) ? this.#options.digest(notification.id).devices : undefined;
    const own = [...model.devices].filter(
      ([id, each]) => each.owners.includes(user) && !each.isDead && (only?.includes(id) ?? true),
    );
    const isTrue: Readonly<Record<string, boolean>> = {
      unknown_user: person === undefined,
      user_disabled: !wishes.enabled,
      type_disabled: model.isOffType(user, notification, channel as AskedChannel),
      channel_disabled:
        model.isUnwanted(user, notification, channel as AskedChannel) || model.devices.get(device)?.enabled === false,
      no_devices:
        own.length === 0 ||
        notification.devices.length > 0 ||
        // That of an item has died, or is someone else's, since the item was collected.
        (before?.reason === 'digested' && device !== '' && !own.some(([id]) => id === device)),
      no_address: person?.email === undefined,
      no_consent: !person?.hasConsent,
      quiet_hours:
        model.isQuiet(user, notification, wall)?.action === 'drop' || model.isSnoozed(user, notification, wall),
      // A snooze that clears does so when it ends, and ends the plan.
      snoozed:
        before?.reason === 'snoozed' ||
        hop > 1 ||
        (model.isSnoozed(user, notification, wall) &&
          (person?.snoozeEnd === 'clear' || model.isQuiet(user, notification, wall)?.action === 'drop')),
    };
    return isTrue[reason ?? ''] ? undefined : 'that is not so';
  }

  #notDeferred(
    notification: ModelNotification,
    { user, before }: DecisionChange,
    { reason }: DecisionState,
    wall: number,
  ): string | undefined {
    const { model } = this.#options;
    // What no digest could bring is in the next one.
    const isAgain = before?.reason === 'digested';
    const isQuiet = model.isQuiet(user, notification, wall) !== undefined;
    const isSnoozed = model.isSnoozed(user, notification, wall);
    const isTrue: Readonly<Record<string, boolean>> = {
      // It is decided again in a moment.
      '': true,
      superseded: notification.superseded.has(user),
      scheduled: (notification.sendAt ?? 0) > wall,
      quiet_hours: isQuiet,
      snoozed: isSnoozed,
      // A snooze that ends as a digest ends early, too.
      digested:
        isAgain || notification.isDigested || isQuiet || isSnoozed || model.people.get(user)?.snoozeEnd === 'digest',
    };
    return isTrue[reason ?? ''] ? undefined : 'that is not so';
  }

  /** All that a digest tells of is over, or switched off. */
  #isOver(digest: string, { user, channel, device }: Asking, wall: number): boolean {
    const { model } = this.#options;
    const items = this.#options.digest(digest).items.map((id) => this.#notification(id));
    return items.every(
      (item) =>
        item.acked.has(user) ||
        model.isUnwanted(user, item, channel) ||
        model.devices.get(device)?.enabled === false ||
        (channel !== 'realtime' && model.isDropped(user, item, wall)) ||
        model.whyNot(item, user, wall) !== undefined,
    );
  }

  /** A digest does not go that way any more: less is wanted by it than by the others. */
  #isApart(digest: string, { user, channel, device }: Asking): boolean {
    const { model } = this.#options;
    const isOff = model.devices.get(device)?.enabled === false;
    return (
      isDigest(digest) &&
      this.#options.digest(digest).items.some((id) => isOff || model.isUnwanted(user, this.#notification(id), channel))
    );
  }

  #notCancelled(
    notification: ModelNotification,
    way: DecisionChange,
    { reason }: DecisionState,
    wall: number,
  ): string | undefined {
    const { model } = this.#options;
    const { user, device, hop } = way;
    const channel = way.channel as AskedChannel;
    const { batch = '', target = '' } = this.#carriages.get(keyOf(way)) ?? {};
    const isGone = model.targetOf(user, device) !== target || (device !== '' && !model.canReach(user, device));
    const isTrue: Readonly<Record<string, boolean>> = {
      cancelled:
        notification.isCancelled ||
        (isDigest(notification.id) && this.#isOver(notification.id, { user, channel, device }, wall)),
      superseded:
        notification.superseded.has(user) || hop > 1 || this.#isApart(notification.id, { user, channel, device }),
      read: notification.read.has(user),
      acked: notification.acked.has(user) || notification.seen.has(user) || notification.read.has(user),
      no_devices: batch !== '' && isGone,
    };
    return isTrue[reason ?? ''] ? undefined : 'that is not so';
  }

  /** At the end, when nothing is to come any more. */
  close(open: readonly string[]): void {
    for (const each of open) this.#broken(`never ends: ${each}`);
  }
}
