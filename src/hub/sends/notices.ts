import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../notifications/decide-input.ts';
import type {
  EndedNotices,
  ForgottenIn,
  NoticeIntake,
  NoticeOrder,
  Presences,
  TakenNotice,
} from '../notifications/notices.ts';
import type { NotificationDoc } from '../notifications/notification-doc.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { Accepting } from './accepting/accepting.ts';
import type { PresenceOf } from './accepting/send-order.ts';
import { takeBack } from './cancelling.ts';
import { eraseName } from './erase-sends.ts';
import type { HubEvents } from './hub-events.ts';
import { settleStatuses } from './settle-status.ts';

export interface NoticesOptions {
  readonly store: Pick<HubStore, 'seal'>;
  readonly accepting: Accepting;
  readonly presenceOf: PresenceOf;
  readonly events?: HubEvents | undefined;
  readonly newId: () => string;
  readonly nudge: (at: number) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** No caller's body has this hash: a caller who uses the id of a notice gets a conflict. */
const NO_BODY = '';

/** What other parts of the hub have to say to people. */
export class Notices implements NoticeIntake {
  readonly #options: NoticesOptions;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  async presence(app: string, users: readonly string[]): Promise<Presences> {
    return users.length === 0 ? new Map() : this.#options.presenceOf(app, users);
  }

  async take(
    tx: HubDb,
    { app, doc, about, sound, awakeOnly }: NoticeOrder,
    presences: Presences,
  ): Promise<TakenNotice> {
    const { accepting, newId, now } = this.#options;
    const notification: AcceptedNotification = {
      ...{ ...doc, id: newId(), app, created_at: now(), about },
      ...(sound === undefined ? {} : { sound }),
      ...(awakeOnly ? { awake_only: true } : {}),
    };
    const taken = await accepting.take(tx, notification, NO_BODY, presences);
    const { id, status, recipients } = taken.answer;
    return { id, status, recipients, deliver: () => accepting.deliver(taken) };
  }

  async end(tx: HubDb, { app, about, reason, key }: EndedNotices): Promise<() => void> {
    const { events, now } = this.#options;
    const rows = await tx
      .updateTable('notifications')
      .set({ ended: reason })
      .where('app', '=', app)
      .where('about', '=', about)
      .where('ended', 'is', null)
      .where('status', 'in', ['pending', 'scheduled'])
      .$if(key !== undefined, (query) => query.where('cancel_key', '=', key ?? ''))
      .returning('id')
      .execute();
    const changed: DecidedFact[] = [];
    for (const { id } of rows) changed.push(...(await takeBack(tx, { app, id, reason, now: now() })));
    await settleStatuses(
      tx,
      app,
      rows.map(({ id }) => id),
      now(),
    );
    return () => events?.decided?.(changed);
  }

  async forget(tx: HubDb, { app, about, user, told }: ForgottenIn): Promise<void> {
    const { seal } = this.#options.store;
    const rows = await tx
      .selectFrom('notifications')
      .selectAll()
      .where('app', '=', app)
      .where('about', '=', about)
      .execute();
    for (const row of rows) await eraseName<NotificationDoc>(tx, seal, row, user, told);
  }

  nudge(at: number): void {
    this.#options.nudge(at);
  }
}
