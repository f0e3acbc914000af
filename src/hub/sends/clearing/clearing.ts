/**
 * Tells the devices of people what was read elsewhere: a push that shows nothing, takes notices away and lowers the number on the
 * app's icon. It is handed to the carrier like any other and has no decision; one that is lost is made up for by the next.
 */
import { isReadable } from '../../devices/device-rows.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import type { HubBatch, PushCarrier, PushOutcome, PushQuestion } from '../../push/push-carrier.ts';
import type { HubStore } from '../../storage/storage.ts';
import { type ClaimedDue, finishDue, putOffDue } from '../../timers/due-rows.ts';
import { type DeviceOfPerson, devicesOfPeople } from '../facts/devices-of-people.ts';
import type { HandedTarget } from '../rows/handover-rows.ts';
import { inboxCounts } from '../views/inbox.ts';
import { noteOf, userOf } from './clear-due.ts';
import { canClear, clearPush } from './clear-push.ts';

export interface ClearerOptions {
  readonly store: HubStore;
  readonly carrier: Pick<PushCarrier, 'send' | 'can'>;
  readonly policyOf: (app: string) => HubPolicy;
  readonly staleAfterMs: number;
  readonly newId: () => string;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const PREFIX = 'clear.';
/** After an hour the person has looked at the phone, or will see the next one. */
const LIVES_MS = 3_600_000;
const AGAIN_MS = 30_000;
const MOST_TRIES = 10;
/** Beyond that the oldest are not repeated. */
const MOST_UNDER_WAY = 10_000;

/** One device of a person, whose push is under way. */
interface UnderWay {
  readonly app: string;
  readonly user: string;
  readonly device: string;
  readonly tokenRev: number;
}

const placeOf = ({ app, device }: UnderWay): string => JSON.stringify([app, device]);

export class Clearer {
  readonly #options: ClearerOptions;
  /** By batch, the oldest first. */
  readonly #underWay = new Map<string, UnderWay>();
  /** The last batch of each device: it says more than those before. */
  readonly #latest = new Map<string, string>();

  constructor(options: ClearerOptions) {
    this.#options = options;
  }

  isOurs({ batch }: Pick<HubBatch, 'batch'>): boolean {
    return batch.startsWith(PREFIX);
  }

  /** Timers of the kind CLEAR_DUE. */
  readonly run = async (rows: readonly ClaimedDue[]): Promise<void> => {
    for (const row of rows) {
      const batches = await this.#batches(row);
      const notTaken = batches.length > 0 ? await this.#options.carrier.send(batches) : [];
      for (const { batch } of notTaken) this.#forget(batch);
      const isAgain = notTaken.length > 0 && row.attempts < MOST_TRIES;
      const { store, now } = this.#options;
      await store.write((tx) => (isAgain ? putOffDue(tx, row, now() + AGAIN_MS) : finishDue(tx, row)));
    }
  };

  /** What an outcome says of a device's token; undefined: it is not known any more. */
  ended({ batch }: PushOutcome): HandedTarget | undefined {
    const known = this.#underWay.get(batch);
    this.#forget(batch);
    return known && { hash: '', device: known.device, rev: known.tokenRev, users: [known.user] };
  }

  /** Before a repeat: it is the last one for the device, which is still that person's, with that token. */
  async stillWanted({ batch, targets }: PushQuestion): Promise<boolean[]> {
    const known = this.#underWay.get(batch);
    const isLast = known !== undefined && this.#latest.get(placeOf(known)) === batch;
    const devices = isLast ? await this.#devices(known.app, known.user, [known.device]) : [];
    const isWanted = devices.some(({ tokenRev }) => tokenRev === known?.tokenRev);
    return targets.map(() => isWanted);
  }

  async #batches({ app, ref, data }: ClaimedDue): Promise<HubBatch[]> {
    const { store, policyOf, now, newId } = this.#options;
    const user = userOf(ref);
    const { devices: ids, notifications } = noteOf(data);
    const devices = await this.#devices(app, user, ids);
    if (devices.length === 0) return [];
    const { unread } = await inboxCounts(store.db, app, user, now());
    const topic = policyOf(app).iosTopic;
    return devices.map((device) => {
      const batch = `${PREFIX}${newId()}`;
      this.#note(batch, { app, user, device: device.id, tokenRev: device.tokenRev });
      const shared = device.users.length > 1 ? user : undefined;
      const push = clearPush(device, { notifications, unread, user: shared }, topic);
      return { batch, app, notification: { ...push, app, tokens: [device.target()] }, expiresAt: now() + LIVES_MS };
    });
  }

  /** Those of the ids to which a push can go. */
  async #devices(app: string, user: string, ids: readonly string[]): Promise<readonly DeviceOfPerson[]> {
    const { store, carrier, policyOf, staleAfterMs, now } = this.#options;
    const asked = { app, users: [user], now: now(), staleAfterMs };
    const own = (await devicesOfPeople(store.db, store.seal, asked)).get(user) ?? [];
    const { iosTopic } = policyOf(app);
    return own.filter(
      ({ id, platform, kind, status, enabled, ...device }) =>
        ids.includes(id) &&
        kind === 'alert' &&
        status === 'active' &&
        enabled &&
        canClear(platform) &&
        carrier.can(app, platform) &&
        (platform !== 'ios' || iosTopic !== '') &&
        isReadable(device),
    );
  }

  #note(batch: string, known: UnderWay): void {
    this.#underWay.set(batch, known);
    this.#latest.set(placeOf(known), batch);
    if (this.#underWay.size <= MOST_UNDER_WAY) return;
    const [oldest] = this.#underWay.keys();
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(batch: string): void {
    const known = this.#underWay.get(batch);
    if (!known) return;
    this.#underWay.delete(batch);
    const place = placeOf(known);
    if (this.#latest.get(place) === batch) this.#latest.delete(place);
  }
}
