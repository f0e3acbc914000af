import { background } from '../../../kit/background.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { HubStore } from '../../storage/storage.ts';
import type { EventPublisher } from '../../streams/event-publisher.ts';
import { personKey } from '../../streams/person-key.ts';
import { inboxCounts } from '../views/inbox.ts';
import type { InboxOwner } from '../views/inbox-book.ts';

export interface InboxNewsOptions {
  readonly store: Pick<HubStore, 'db'>;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  /** Those of these people (by `personKey`) who may be there. */
  readonly there: (keys: readonly string[]) => Promise<readonly string[]>;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly tell: (level: 'error', message: string) => void;
}

/** Its events in the streams of people. */
export const INBOX_CHANGED = 'inbox.changed';

/** Changes of a person's inbox within this are one event. */
const TOGETHER_MS = 50;
/** People whose inboxes are counted at once. */
const AT_ONCE = 100;

/** Tells people's streams how much of their inboxes is unread and unseen, whenever that may be another number. */
export class InboxNews {
  readonly #options: InboxNewsOptions;
  readonly #changed = new Map<string, InboxOwner>();
  readonly #arrived = new Map<string, InboxOwner>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: InboxNewsOptions) {
    this.#options = options;
  }

  /** A person has done something. After the commit. */
  changed(owner: InboxOwner): void {
    this.#changed.set(personKey(owner.app, owner.user), owner);
    this.#soon();
  }

  /** Something has come for people: those who are there hear of it. After the commit. */
  arrived(owners: readonly InboxOwner[]): void {
    for (const owner of owners) this.#arrived.set(personKey(owner.app, owner.user), owner);
    if (owners.length > 0) this.#soon();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#changed.clear();
    this.#arrived.clear();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      background(this.#say(), (error) =>
        this.#options.tell('error', `streams were not told of changed inboxes: ${error.message}`),
      );
    }, TOGETHER_MS).unref();
  }

  async #say(): Promise<void> {
    const arrived = new Map(this.#arrived);
    const changed = new Map(this.#changed);
    this.#arrived.clear();
    this.#changed.clear();
    const there = arrived.size === 0 ? [] : await this.#options.there([...arrived.keys()]);
    for (const key of there) changed.set(key, arrived.get(key) as InboxOwner);
    const all = [...changed];
    for (let at = 0; at < all.length; at += AT_ONCE) await this.#tell(all.slice(at, at + AT_ONCE));
  }

  async #tell(people: readonly (readonly [key: string, owner: InboxOwner])[]): Promise<void> {
    const { store, publisher, now } = this.#options;
    const at = now();
    const entries = await Promise.all(
      people.map(async ([user, owner]) => {
        const counts = await inboxCounts(store.db, owner.app, owner.user, at);
        const draft = { type: INBOX_CHANGED, payload: JSON.stringify(counts), timestamp: isoInstant(at) };
        return { user, draft };
      }),
    );
    await publisher.publish(entries);
  }
}
