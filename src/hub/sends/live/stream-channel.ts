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

  constructor(options: StreamChannelOptions) {
    this.#options = options;
  }

  async publish(tx: HubDb, leaving: readonly Leaving[]): Promise<void> {
    const { store } = this.#options;
    if (!(store instanceof SqlStreamStore)) return;
    const saved = await store.saveIn(tx, this.#entries(leaving));
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
    const entries = this.#entries(leaving);
    const saved = await store.saveBatch(entries);
    streams.saved(
      entries.flatMap(({ user }, index) => {
        const event = saved[index];
        return event instanceof Error ? [] : [{ user, event }];
      }),
    );
  }

  #entries(leaving: readonly Leaving[]) {
    return leaving.map((each) => ({ user: keyOf(each), draft: this.#draft(each) }));
  }

  #draft({ notification, facts, row }: Leaving): EventDraft {
    const policy = this.#options.policyOf(notification.app);
    const languages = [facts.settings.locale, facts.person?.locale];
    return {
      type: notification.type,
      payload: JSON.stringify(eventPayload({ notification, policy }, languages)),
      timestamp: isoInstant(notification.created_at),
      // Written twice it is one event.
      key: `${notification.id}#${row.hop}`,
    };
  }
}

const keyOf = ({ notification: { app }, user }: Leaving): string => personKey(app, user);
