/**
 * Takes notifications: in one transaction the notification, its people, their decisions and timers. A page of people is decided
 * about before the answer, the others a page at a time behind it, by a timer of the notification.
 */
import type { AcceptedNotification, PresenceState } from '../../notifications/decide-input.ts';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { HubDb } from '../../storage/storage.ts';
import { audienceOf } from '../audience/audience.ts';
import { audiencePage } from '../audience/audience-page.ts';
import { channelsOf } from '../facts/facts.ts';
import { type Placed, placedTogether } from '../placing.ts';
import { isForFew, pageFor } from './page-size.ts';
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
  /** Of all that were taken together. */
  readonly placed: Placed;
  readonly taken: TakenOne;
}

/** No caller's body has this hash: a caller who uses the id of a notice gets a conflict. */
const NO_BODY = '';

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

  /** Takes notifications that are not there yet, no two of which are for the same person, in a transaction of the caller's. */
  async take(
    tx: HubDb,
    app: string,
    notifications: readonly AcceptedNotification[],
    presence: ReadonlyMap<string, PresenceState>,
  ): Promise<readonly TakenSend[]> {
    const fresh = notifications.map((notification) => ({ notification, bodyHash: NO_BODY, presence }));
    const { placed, each } = await takeFresh(tx, this.#options, app, fresh);
    return each.map((taken) => ({ app, answer: taken.answer, placed, taken }));
  }

  /** What a transaction of the caller's has taken leaves, in its order: to be called after the commit. */
  deliver(sends: readonly TakenSend[]): void {
    const [first] = sends;
    if (!first) return;
    const placed = placedTogether([...new Set(sends.map((each) => each.placed))]);
    this.#deliver(
      first.app,
      placed,
      sends.map((each) => each.taken),
    );
  }

  #deliver(app: string, placed: Placed, each: readonly TakenOne[]): void {
    const { placing, events, nudge, now } = this.#options;
    placing.deliver(placed);
    for (const { outcomes } of each) events?.counted?.({ app, outcomes });
    if (each.some(({ pages }) => pages)) nudge(now());
  }

  async #presence(app: string, doc: NotificationDoc): Promise<ReadonlyMap<string, PresenceState>> {
    const { store, presenceOf, policyOf, page } = this.#options;
    if (!channelsOf(doc, policyOf(app)).has('realtime')) return new Map();
    const to = audienceOf(doc);
    if (isForFew(doc, to)) return presenceOf(app, to.users);
    // Those who are decided about before the answer: asked here, as the transaction waits for nothing else.
    return presenceOf(app, async () => {
      const { people } = await audiencePage(store.db, app, to, '', pageFor(doc, page));
      return people.map(({ user }) => user);
    });
  }
}
