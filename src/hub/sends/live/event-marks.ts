import { slices } from '../../../kit/time/slices.ts';
import { epochIn, eventId, isEventId, offsetIn } from '../../../streams/event-id.ts';
import type { StreamStore } from '../../../streams/stream-store.ts';
import { personKey } from '../../streams/person-key.ts';
import type { Mark } from '../marks.ts';
import type { Inbox, InboxOwner } from '../views/inbox-book.ts';

export interface EventMarksOptions {
  readonly inbox: Pick<Inbox, 'mark'>;
  readonly store: Pick<StreamStore, 'list'>;
}

/** What people do with what their streams showed: they name events, or the notifications in them. */
export class EventMarks {
  readonly #options: EventMarksOptions;
  readonly #turn = slices();

  constructor(options: EventMarksOptions) {
    this.#options = options;
  }

  /** An event that is no notification is let pass. @throws RefusedSend 404 for a notification that is not the person's */
  async mark(owner: InboxOwner, ids: readonly string[], mark: Mark): Promise<void> {
    for (const id of ids) {
      await this.#turn();
      const notification = isEventId(id) ? await this.#notificationOf(owner, id) : id;
      if (notification !== undefined) await this.#options.inbox.mark(owner, notification, mark);
    }
  }

  async #notificationOf({ app, user }: InboxOwner, id: string): Promise<string | undefined> {
    const before = eventId(epochIn(id), Math.max(0, offsetIn(id) - 1));
    const { events, reset } = await this.#options.store.list(personKey(app, user), before, 1);
    const [event] = events;
    if (reset || event?.id !== id) return undefined;
    const payload = JSON.parse(event.payload) as { id?: unknown } | null;
    return typeof payload?.id === 'string' ? payload.id : undefined;
  }
}
