import { randomUUID } from 'node:crypto';
import type { HubDb } from '../../../hub/storage/storage.ts';
import { type EventForMany, parseEventForMany, parseEvents } from '../../../hub/streams/event-doc.ts';
import { type EventPublisher, type PublishedEvents, whyNotKept } from '../../../hub/streams/event-publisher.ts';
import { personKey } from '../../../hub/streams/person-key.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { EventDraft } from '../../../streams/stream-event.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { unprocessable } from '../hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';

export interface EventsRoutesParts {
  readonly publisher: EventPublisher;
  /** Begins to give an event to everyone of an app, in the transaction of the request; and after its commit. */
  readonly toAll: {
    set(tx: HubDb, order: { readonly app: string; readonly ref: string; readonly draft: EventDraft }): Promise<number>;
    begin(): void;
  };
  readonly write: <T>(work: (tx: HubDb) => Promise<T>) => Promise<T>;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Only then a transaction of the hub is needed beside that of the streams. */
const isKept = ({ req }: HubRequest): boolean => req.headers['idempotency-key'] !== undefined;

/** Back ends publish to the streams of people. */
export const eventsRoutes = (parts: EventsRoutesParts): readonly HubRoute[] => [
  hubRoute({
    ...{ method: 'POST', path: '/v1/users/{user}/events', scope: 'push', action: 'event.publish' },
    async handle(request) {
      const { body, params, app, keep } = request;
      const read = parseEvents(body, isoInstant(parts.now()));
      if ('faults' in read) throw unprocessable(...read.faults);
      const { drafts } = read;
      const answer = (published: PublishedEvents): HubAnswer => {
        const failed = published.find((each) => each instanceof Error);
        if (failed) throw failed;
        const all = drafts.map((draft, index) => shown(draft, published[index], params.user));
        return { status: 201, body: Array.isArray(body) ? { events: all } : all[0] };
      };
      const entries = drafts.map((draft) => ({ user: personKey(app, params.user), draft }));
      const keeps = isKept(request);
      return answer(
        await parts.publisher.publish(entries, keeps ? (tx, published) => keep(tx, answer(published)) : undefined),
      );
    },
  }),
  hubRoute({
    ...{ method: 'POST', path: '/v1/events', scope: 'push', action: 'event.publish_many' },
    async handle(request) {
      const read = parseEventForMany(request.body, isoInstant(parts.now()));
      if ('faults' in read) throw unprocessable(...read.faults);
      return read.users === 'everyone' ? toEveryone(request, read.draft, parts) : toMany(request, read, parts);
    },
  }),
];

/** One that was dropped, as its person is not there, has no id. */
function shown({ type, timestamp }: EventDraft, event: PublishedEvents[number], user: string): object {
  const kept = event instanceof Error ? undefined : event;
  if (!kept) return { id: null, type, user_id: user, timestamp, dropped: true };
  return { id: kept.id, type: kept.type, user_id: user, timestamp: kept.timestamp };
}

async function toMany(
  request: HubRequest,
  { users, draft }: EventForMany,
  { publisher }: EventsRoutesParts,
): Promise<HubAnswer> {
  const { app, keep } = request;
  const names = users as readonly string[];
  const answer = (published: PublishedEvents): HubAnswer => {
    const failed = published.flatMap((each, index) =>
      each instanceof Error ? [{ user: names[index], message: whyNotKept(each) }] : [],
    );
    return { status: 202, body: { accepted: names.length - failed.length, failed } };
  };
  const entries = names.map((user) => ({ user: personKey(app, user), draft }));
  return answer(
    await publisher.publish(entries, isKept(request) ? (tx, published) => keep(tx, answer(published)) : undefined),
  );
}

async function toEveryone(
  { app, keep }: HubRequest,
  draft: EventDraft,
  { toAll, write }: EventsRoutesParts,
): Promise<HubAnswer> {
  const ref = randomUUID();
  const answer = await write(async (tx) => {
    const accepted = await toAll.set(tx, { app, ref, draft });
    const made: HubAnswer = { status: 202, body: { accepted, failed: [] } };
    await keep(tx, made);
    return made;
  });
  toAll.begin();
  return answer;
}
