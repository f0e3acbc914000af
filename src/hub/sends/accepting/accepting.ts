/**
 * Takes notifications: in one transaction the notification, its people, their decisions and timers. A page of people is decided
 * about before the answer, the others a page at a time behind it, by a timer of the notification.
 */
import type { AcceptedNotification, PresenceState } from '../../notifications/decide-input.ts';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { HubDb } from '../../storage/storage.ts';
import { channelsOf } from '../facts/facts.ts';
import type { Placed } from '../placing.ts';
import { Paging, type PagingOptions } from './paging.ts';
import type { AcceptedSend, SendAnswer, SendOrder } from './send-order.ts';
import { type TakenOne, takeFresh } from './taking.ts';
import { Together } from './together.ts';

export interface AcceptingOptions extends PagingOptions {
  readonly newId: () => string;
}

/** What a transaction has taken, and what is to be done after its commit. */
export interface TakenSend {
  readonly app: string;
  readonly answer: SendAnswer;
  readonly placed: Placed;
  readonly taken: TakenOne;
}

export class Accepting {
  readonly #options: AcceptingOptions;
  readonly #together: Together;
  /** Does the next pages of notifications to many (timers of the kind PAGE_DUE). */
  readonly pages: Paging['run'];

  constructor(options: AcceptingOptions) {
    this.#options = options;
    this.pages = new Paging(options).run;
    this.#together = new Together({
      ...options,
      taken: (app, { placed, each }) => this.#deliver(app, placed, each),
    });
  }

  /** @throws RefusedSend when the id was used for another body */
  async accept(order: SendOrder): Promise<AcceptedSend> {
    const { newId, now } = this.#options;
    const { app, doc } = order;
    const presence = await this.#presence(app, doc);
    const notification: AcceptedNotification = { ...doc, id: doc.id ?? newId(), app, created_at: now() };
    return this.#together.take({ order, notification, presence });
  }

  /** Takes a notification that is not there yet, in a transaction of the caller's. */
  async take(
    tx: HubDb,
    notification: AcceptedNotification,
    bodyHash: string,
    presence: ReadonlyMap<string, PresenceState>,
  ): Promise<TakenSend> {
    const { app } = notification;
    const { placed, each } = await takeFresh(tx, this.#options, app, [{ notification, bodyHash, presence }]);
    const [taken] = each as [TakenOne];
    return { app, answer: taken.answer, placed, taken };
  }

  /** What a transaction of the caller's has taken leaves: to be called after its commit. */
  deliver({ app, placed, taken }: TakenSend): void {
    this.#deliver(app, placed, [taken]);
  }

  #deliver(app: string, placed: Placed, each: readonly TakenOne[]): void {
    const { placing, events, nudge, now } = this.#options;
    placing.deliver(placed);
    for (const { outcomes } of each) events?.counted?.({ app, outcomes });
    if (each.some(({ pages }) => pages)) nudge(now());
  }

  async #presence(app: string, doc: NotificationDoc): Promise<ReadonlyMap<string, PresenceState>> {
    const { presenceOf, policyOf, page } = this.#options;
    const users = doc.to.users ?? [];
    const asks = channelsOf(doc, policyOf(app)).has('realtime');
    return asks && users.length <= page ? presenceOf(app, users) : new Map();
  }
}
