/** People's inboxes, as they are read and marked. */
import { isoInstant } from '../../../kit/time/instant.ts';
import type { JsonObject } from '../../../push/push.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { contentOf } from '../../notifications/render/content.ts';
import { settingsOf } from '../../settings/settings-book.ts';
import { rowPage } from '../../storage/row-page.ts';
import type { HubStore } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import type { Marked, Marking, MarkOptions } from '../marking.ts';
import type { Mark } from '../marks.ts';
import { RefusedSend } from '../refused-send.ts';
import { openDoc } from '../rows/notification-rows.ts';
import {
  type InboxBefore,
  type InboxRow,
  inboxCounts,
  inboxRow,
  inboxRows,
  removeFromInbox,
  unreadRows,
} from './inbox.ts';

export interface InboxOptions {
  readonly store: HubStore;
  readonly marking: Marking;
  readonly policyOf: (app: string) => HubPolicy;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Whose inbox. */
export interface InboxOwner {
  readonly app: string;
  readonly user: string;
}

/** Notifications that are marked in one transaction. */
const READ_PAGE = 500;

const notThere = (): RefusedSend => new RefusedSend('not_found', 'there is no such notification in this inbox');

const iso = <Name extends string>(name: Name, at: number | null): { [Each in Name]?: string } =>
  at === null ? {} : ({ [name]: isoInstant(at) } as { [Each in Name]: string });

export class Inbox {
  readonly #options: InboxOptions;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Newest first; one more than the limit when there are more, or fewer where they are large. */
  async page({ app, user }: InboxOwner, limit: number, before: InboxBefore | undefined) {
    const { store, now } = this.#options;
    const at = now();
    const { found: rows, isCut } = await rowPage({
      limit: limit + 1,
      read: (last: InboxRow | undefined, count) =>
        inboxRows(store.db, { app, user, now: at, limit: count, before: last ?? before }),
      bytesOf: ({ doc }) => doc.length,
      open: (row) => row,
    });
    const counts = await inboxCounts(store.db, app, user, now());
    const [languages, held] = [await this.#languages(app, user), await this.#held(app, user, rows)];
    return {
      rows: rows.map((row) => ({ row, item: this.#item(row, languages, held.get(row.id)) })),
      isCut,
      counts,
    };
  }

  /** One notification as its person sees it: also what a push did not carry. @throws RefusedSend 404 */
  async one({ app, user }: InboxOwner, id: string) {
    const { store, now } = this.#options;
    const own = await inboxRow(store.db, app, user, id, now());
    const row =
      own &&
      (await store.db
        .selectFrom('notifications')
        .selectAll()
        .where('app', '=', app)
        .where('id', '=', id)
        .executeTakeFirst());
    if (!own || !row) throw notThere();
    const held = await this.#held(app, user, [{ id }]);
    return this.#item({ ...own, ...row, notification: id }, await this.#languages(app, user), held.get(id));
  }

  /** @throws RefusedSend 404 */
  async mark(owner: InboxOwner, id: string, mark: Mark, options: MarkOptions = {}): Promise<void> {
    const { store, marking, now } = this.#options;
    const marked = await store.write(async (tx): Promise<Marked> => {
      const row = await inboxRow(tx, owner.app, owner.user, id, now());
      if (!row) throw notThere();
      return marking.mark(tx, owner, [row], mark, options);
    });
    marking.deliver(marked);
  }

  /**
   * Marks everything that is not read, a page after the other: others have their turn in between.
   * @param before UNIX milliseconds; of what is newer nothing
   */
  async readAll(owner: InboxOwner, before: number | undefined, options: MarkOptions = {}): Promise<void> {
    const { store, marking, now } = this.#options;
    for (;;) {
      const { rows, marked } = await store.write(async (tx) => {
        const unread = await unreadRows(tx, { ...owner, now: now(), before, limit: READ_PAGE });
        return { rows: unread.length, marked: await marking.mark(tx, owner, unread, 'read', options) };
      });
      marking.deliver(marked);
      if (rows < READ_PAGE) return;
    }
  }

  /** @returns whether it was there */
  async remove({ app, user }: InboxOwner, id: string): Promise<boolean> {
    const { store, marking, now } = this.#options;
    const isRemoved = await store.write((tx) => removeFromInbox(tx, app, user, id, now()));
    if (isRemoved) marking.deliver({ notifications: [], changed: [], placed: [], inbox: { app, user } });
    return isRemoved;
  }

  counts({ app, user }: InboxOwner) {
    return inboxCounts(this.#options.store.db, app, user, this.#options.now());
  }

  async #languages(app: string, user: string): Promise<readonly (string | undefined)[]> {
    const { db } = this.#options.store;
    const person = await db
      .selectFrom('users')
      .select('locale')
      .where('app', '=', app)
      .where('id', '=', user)
      .executeTakeFirst();
    return [(await settingsOf(db, app, [user])).get(user)?.doc.locale, person?.locale ?? undefined];
  }

  /** Until when what is held waits, by notification. */
  async #held(
    app: string,
    user: string,
    rows: readonly { readonly id: string }[],
  ): Promise<ReadonlyMap<string, number>> {
    if (rows.length === 0) return new Map();
    const held = await this.#options.store.db
      .selectFrom('decisions')
      .select(['notification', 'until'])
      .where('app', '=', app)
      .where('user', '=', user)
      .where(
        'notification',
        'in',
        rows.map(({ id }) => id),
      )
      .where('state', '=', 'deferred')
      .where('until', 'is not', null)
      .execute();
    return new Map(held.map(({ notification, until }) => [notification, until as number]));
  }

  #item(row: InboxRow, languages: readonly (string | undefined)[], heldUntil: number | undefined): JsonObject {
    return {
      ...{ id: row.id, type: row.type, priority: row.priority },
      ...this.#content(row, languages),
      created_at: isoInstant(row.created_at),
      ...iso('seen_at', row.seen_at),
      ...iso('read_at', row.read_at),
      ...iso('held_until', heldUntil ?? null),
    };
  }

  #content(row: InboxRow, languages: readonly (string | undefined)[]): JsonObject {
    const { store, policyOf } = this.#options;
    const notification = readable(() => openDoc<AcceptedNotification>(store.seal, row));
    if (!notification) return { data: {}, unreadable: true };
    const { title, message, url, image, data, actions } = contentOf(
      { notification, policy: policyOf(row.app) },
      'realtime',
      languages,
    );
    return {
      ...(title === undefined ? {} : { title }),
      ...(message === undefined ? {} : { message }),
      ...(url === undefined ? {} : { url }),
      ...(image === undefined ? {} : { image }),
      data,
      ...(actions.length > 0 ? { actions: actions.map((action) => ({ ...action })) } : {}),
    };
  }
}
