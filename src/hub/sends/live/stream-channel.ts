/** The channel `realtime`: notifications become events in the streams of their people, in the transaction that decides about them. */
import { background } from '../../../kit/background.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { EventDraft, StreamEvent } from '../../../streams/stream-event.ts';
import type { StreamStore } from '../../../streams/stream-store.ts';
import type { Streams } from '../../../streams/streams.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { eventPayload } from '../../notifications/render/event.ts';
import type { HubDb } from '../../storage/storage.ts';
import { personKey } from '../../streams/person-key.ts';
import { SqlStreamStore } from '../../streams/sql-stream-store.ts';
import type { Realtime } from '../placing.ts';
import type { Leaving } from '../step-people.ts';
import type { InboxOwner } from '../views/inbox-book.ts';
import type { InboxNews } from './inbox-news.ts';

export interface StreamChannelOptions {
  readonly store: StreamStore;
  readonly streams: Streams;
  readonly policyOf: (app: string) => HubPolicy;
  readonly news: Pick<InboxNews, 'changed' | 'arrived'>;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

export class StreamChannel implements Realtime {
  readonly #options: StreamChannelOptions;
  /** Of those that were put into their streams in a transaction; it may have been done again, or undone. */
  readonly #published = new WeakMap<Leaving, StreamEvent>();
  /** Of the last notification, by languages: those who read the same get the very same draft. */
  #last: { readonly notification: Leaving['notification']; readonly drafts: Map<string, EventDraft> } | undefined;

  constructor(options: StreamChannelOptions) {
    this.#options = options;
  }

  async publish(tx: HubDb, leaving: readonly Leaving[]): Promise<void> {
    const { store } = this.#options;
    if (!(store instanceof SqlStreamStore)) return;
    // The decision that is written with it, `sent`, is what keeps it from being published twice.
    const entries = leaving.map((each) => ({ user: keyOf(each), draft: this.#draft(each) }));
    const saved = await store.saveIn(tx, entries);
    for (const [index, event] of saved.entries()) this.#published.set(leaving[index] as Leaving, event);
  }

  wake(leaving: readonly Leaving[]): void {
    const { store, streams, news, tell } = this.#options;
    news.arrived(leaving.map(({ notification: { app }, user }) => ({ app, user })));
    if (store instanceof SqlStreamStore)
      streams.saved(leaving.map((each) => ({ user: keyOf(each), event: this.#published.get(each) })));
    else
      background(this.#save(leaving), (error) =>
        tell('error', `notifications did not get into the streams of their people: ${error.message}`),
      );
  }

  inboxChanged(owner: InboxOwner): void {
    this.#options.news.changed(owner);
  }

  /** A store of its own knows no transactions of the hub: what is decided and not saved is in the inbox alone. */
  async #save(leaving: readonly Leaving[]): Promise<void> {
    const { store, streams } = this.#options;
    const entries = leaving.map((each) => {
      const { notification, row } = each;
      // Written twice it is one event.
      return { user: keyOf(each), draft: { ...this.#draft(each), key: `${notification.id}#${row.hop}` } };
    });
    const saved = await store.saveBatch(entries);
    streams.saved(
      entries.flatMap(({ user }, index) => {
        const event = saved[index];
        return event instanceof Error ? [] : [{ user, event }];
      }),
    );
  }

  #draft({ notification, facts }: Leaving): EventDraft {
    const languages = [facts.settings.locale, facts.person?.locale];
    const key = `${languages[0] ?? ''} ${languages[1] ?? ''}`;
    if (this.#last?.notification !== notification) this.#last = { notification, drafts: new Map() };
    const { drafts } = this.#last;
    const known = drafts.get(key);
    if (known) return known;
    const { app, type, created_at: at } = notification;
    const payload = JSON.stringify(eventPayload({ notification, policy: this.#options.policyOf(app) }, languages));
    const draft = { type, payload, timestamp: isoInstant(at) };
    drafts.set(key, draft);
    return draft;
  }
}

const keyOf = ({ notification: { app }, user }: Leaving): string => personKey(app, user);
