import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../notifications/decide-input.ts';
import type {
  EndedNotices,
  ForgottenIn,
  NoticeIntake,
  NoticeOrder,
  Presences,
  TakenNotice,
  WithdrawnNotices,
} from '../notifications/notices.ts';
import type { NotificationDoc } from '../notifications/notification-doc.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { Accepting, TakenSend } from './accepting/accepting.ts';
import type { PresenceOf } from './accepting/send-order.ts';
import { takeBack } from './cancelling.ts';
import { withdraw } from './collapse.ts';
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

/** An order with its place among those that were given. */
interface Placed {
  readonly order: NoticeOrder;
  readonly at: number;
}

/** Orders that are for one person each, in the order in which each person gets them: no person is in a round twice. */
function roundsOf(orders: readonly NoticeOrder[]): Placed[][] {
  const rounds: Placed[][] = [];
  const taken = new Map<string, number>();
  for (const [at, order] of orders.entries()) {
    const user = order.doc.to.users?.[0] ?? '';
    const round = taken.get(user) ?? 0;
    taken.set(user, round + 1);
    rounds[round] = [...(rounds[round] ?? []), { order, at }];
  }
  return rounds;
}

/** What other parts of the hub have to say to people. */
export class Notices implements NoticeIntake {
  readonly #options: NoticesOptions;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  async presence(app: string, users: readonly string[]): Promise<Presences> {
    return users.length === 0 ? new Map() : this.#options.presenceOf(app, users);
  }

  async take(tx: HubDb, order: NoticeOrder, presences: Presences): Promise<TakenNotice> {
    const { accepting } = this.#options;
    const [taken] = (await accepting.take(tx, order.app, [this.#notification(order)], presences)) as [TakenSend];
    return { ...taken.answer, deliver: () => accepting.deliver([taken]) };
  }

  async takeAll(tx: HubDb, orders: readonly NoticeOrder[], presences: Presences): Promise<readonly TakenNotice[]> {
    const { accepting } = this.#options;
    const sends: TakenSend[] = [];
    // Those that are taken together are for different people.
    for (const round of roundsOf(orders)) {
      const [{ order }] = round as [Placed];
      const notifications = round.map((each) => this.#notification(each.order));
      const taken = await accepting.take(tx, order.app, notifications, presences);
      for (const [index, { at }] of round.entries()) sends[at] = taken[index] as TakenSend;
    }
    // All of them leave together, in the order in which they were given.
    return sends.map(({ answer }, index) => ({
      ...answer,
      deliver: index === 0 ? () => accepting.deliver(sends) : () => {},
    }));
  }

  #notification({ app, doc, about, sound, awakeOnly }: NoticeOrder): AcceptedNotification {
    const { newId, now } = this.#options;
    return {
      ...{ ...doc, id: newId(), app, created_at: now(), about },
      ...(sound === undefined ? {} : { sound }),
      ...(awakeOnly ? { awake_only: true } : {}),
    };
  }

  async withdraw(tx: HubDb, withdrawn: WithdrawnNotices): Promise<() => void> {
    const { events, now } = this.#options;
    const changed = await withdraw(tx, withdrawn, now());
    return () => events?.decided?.(changed);
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
