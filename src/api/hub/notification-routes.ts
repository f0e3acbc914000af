import { createHash } from 'node:crypto';
import type { PresenceState } from '../../hub/notifications/decide-input.ts';
import { type NotificationDoc, parseNotification } from '../../hub/notifications/notification-doc.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import type { PushCarrier } from '../../hub/push/push-carrier.ts';
import type { AcceptedSend } from '../../hub/sends/accepting/send-order.ts';
import { cancelByKey, cancelNotification } from '../../hub/sends/cancelling.ts';
import type { HubEvents } from '../../hub/sends/hub-events.ts';
import { RefusedSend } from '../../hub/sends/refused-send.ts';
import { findNotification, listNotifications } from '../../hub/sends/rows/notification-rows.ts';
import type { Sends } from '../../hub/sends/sends.ts';
import { notificationStatuses } from '../../hub/sends/totals.ts';
import {
  decisionView,
  notificationView,
  peopleView,
  type WordsOf,
  wholeView,
} from '../../hub/sends/views/notification-view.ts';
import { preview } from '../../hub/sends/views/preview.ts';
import type { HubStore, Row } from '../../hub/storage/storage.ts';
import { placeInCursor } from '../../hub/words/place.ts';
import { isObject } from '../../kit/is-object.ts';
import { isFaulty } from '../../kit/json/readers.ts';
import { instantMs } from '../../kit/time/instant.ts';
import type { HubAnswer } from './hub-answer.ts';
import { unprocessable } from './hub-refusal.ts';
import { type DirectRequest, type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from './list-page.ts';

export interface NotificationRoutesParts {
  readonly store: HubStore;
  readonly sends: Pick<Sends, 'accept'>;
  readonly carrier: Pick<PushCarrier, 'can'>;
  readonly policyOf: (app: string) => HubPolicy;
  readonly wordsOf: WordsOf;
  readonly events?: HubEvents | undefined;
  readonly staleAfterMs: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const LIST = 'notifications';
const PEOPLE = 'people';
const LISTED_BY = [...PAGE_QUERY, 'status', 'type', 'user'];
const presences: readonly unknown[] = ['active', 'idle', 'offline'];
/** People of a preview, and of a page of a notification's people by default. */
const SHOWN = 100;

const notThere = (): RefusedSend => new RefusedSend('not_found', 'there is no such notification');

/** The same for the same document, whatever the order of its fields; of one without an id nothing, as it is repeated by no other. */
const hashOf = (doc: NotificationDoc): string =>
  doc.id === undefined
    ? ''
    : createHash('sha256')
        .update(JSON.stringify(sorted(doc)))
        .digest('base64url');

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(value[name])]),
  );
};

class NotificationRoutes {
  readonly #parts: NotificationRoutesParts;

  constructor(parts: NotificationRoutesParts) {
    this.#parts = parts;
  }

  readonly send = ({ app, body, keep }: DirectRequest): Promise<HubAnswer> => {
    const doc = this.#doc(app, body);
    const accepting = this.#parts.sends.accept({
      ...{ app, doc, bodyHash: hashOf(doc) },
      keep: (tx, result) => keep(tx, answerOf(result)),
    });
    return accepting.then(answerOf);
  };

  readonly preview = async ({ app, body }: HubRequest): Promise<HubAnswer> => {
    const { at, presence, json } = this.#asOf(body);
    const doc = this.#doc(app, json);
    const { status, recipients, people } = await preview(this.#parts, { app, doc, at, presence, limit: SHOWN });
    const { wordsOf } = this.#parts;
    const shown = people.map(({ user, decisions }) => ({
      user,
      decisions: decisions.map((decision) => decisionView(decision, wordsOf)),
    }));
    return {
      status: 200,
      body: { id: null, type: doc.type, status, priority: doc.priority, recipients, people: shown },
    };
  };

  readonly list = async ({ app, query }: HubRequest): Promise<HubAnswer> => {
    const page = pageOf(LIST, ['number', 'string'], query);
    const [place, id] = (page.after ?? []) as [number?, string?];
    const rows = await listNotifications(this.#parts.store.db, {
      app,
      status: query.word('status', notificationStatuses),
      type: query.text('type'),
      user: query.text('user'),
      before: place === undefined || id === undefined ? undefined : { place: placeInCursor(place), id },
      limit: page.limit + 1,
    });
    const { rows: shown, next } = pageBody(LIST, rows, page, (row) => [row.place, row.id]);
    return { status: 200, body: { notifications: shown.map((row) => notificationView(row)), ...next } };
  };

  readonly read = async ({ app, params: { id }, query }: HubRequest<'id'>): Promise<HubAnswer> => {
    const { store, wordsOf } = this.#parts;
    const page = pageOf(PEOPLE, ['string'], query);
    const row: Row<'notifications'> | undefined = await findNotification(store.db, app, id);
    if (!row) throw notThere();
    const [after = ''] = (page.after ?? []) as [string?];
    const asked = { limit: page.limit, after, user: query.text('user') };
    // Before its people: what an answer counts as ended has ended in what it shows of them.
    const whole = await wholeView(store, row);
    const people = await peopleView(store, row, asked, wordsOf);
    const { rows: shown, next } = pageBody(PEOPLE, people, page, ({ user }) => [user]);
    return { status: 200, body: { ...whole, people: shown, ...next } };
  };

  readonly cancel = async ({ app, params: { id } }: HubRequest<'id'>): Promise<HubAnswer> => {
    const cancelled = await cancelNotification(this.#parts, app, id);
    if (!cancelled) throw notThere();
    return { status: 200, body: cancelled };
  };

  readonly cancelByKey = async ({ app, query }: HubRequest): Promise<HubAnswer> => {
    const key = query.text('cancel_key');
    if (key === undefined) throw unprocessable({ path: 'cancel_key', reason: 'is missing' });
    return { status: 200, body: await cancelByKey(this.#parts, app, key) };
  };

  #doc(app: string, body: unknown): NotificationDoc {
    const doc = parseNotification(body, { timezone: this.#parts.policyOf(app).timezone });
    if (isFaulty(doc)) throw unprocessable(...doc);
    return doc;
  }

  /** The moment and the presence of a preview, and what is left of its body. */
  #asOf(body: unknown) {
    if (!isObject(body)) throw unprocessable({ path: '', reason: 'must be an object' });
    const { at, presence = {}, ...json } = body;
    const ms = at === undefined ? this.#parts.now() : typeof at === 'string' ? instantMs(at) : undefined;
    if (ms === undefined)
      throw unprocessable({ path: 'at', reason: 'must be an instant such as 2026-12-01T09:00:00Z' });
    if (!isObject(presence) || !Object.values(presence).every((state) => presences.includes(state)))
      throw unprocessable({ path: 'presence', reason: 'must be an object of active, idle or offline by person' });
    return { at: ms, presence: presence as Record<string, PresenceState>, json };
  }
}

const answerOf = ({ answer, isReplay }: AcceptedSend): HubAnswer => ({
  status: 202,
  body: answer,
  ...(isReplay ? { headers: { 'Idempotency-Replayed': 'true' } } : {}),
});

/** `/v1/notifications`: what is sent to people, and what became of it. */
export function notificationRoutes(parts: NotificationRoutesParts): readonly HubRoute[] {
  const routes = new NotificationRoutes(parts);
  const path = '/v1/notifications';
  return [
    hubRoute({
      ...{ method: 'POST', path, scope: 'push', action: 'notification.send' },
      ...{ handle: routes.send, direct: routes.send },
    }),
    hubRoute({ method: 'POST', path: `${path}/preview`, scope: 'push', handle: routes.preview }),
    hubRoute({ method: 'GET', path, scope: 'read', query: LISTED_BY, handle: routes.list }),
    hubRoute({
      ...{ method: 'DELETE', path, scope: 'push', query: ['cancel_key'], action: 'notification.cancel' },
      handle: routes.cancelByKey,
    }),
    hubRoute({
      method: 'GET',
      path: `${path}/{id}`,
      scope: 'read',
      query: [...PAGE_QUERY, 'user'],
      handle: routes.read,
    }),
    hubRoute({
      method: 'DELETE',
      path: `${path}/{id}`,
      scope: 'push',
      action: 'notification.cancel',
      handle: routes.cancel,
    }),
  ];
}
