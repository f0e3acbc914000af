import type { Mark } from '../../hub/sends/marks.ts';
import type { Inbox } from '../../hub/sends/views/inbox-book.ts';
import { isObject } from '../../kit/is-object.ts';
import { unknownFields } from '../../kit/json/unknown-fields.ts';
import { instantMs } from '../../kit/time/instant.ts';
import type { HubAnswer } from './hub-answer.ts';
import { unprocessable } from './hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import { pageBody, pageOf } from './list-page.ts';

export interface InboxRoutesParts {
  readonly inbox: Inbox;
}

const LIST = 'inbox';
const PATH = '/v1/users/{user}/notifications';
const common = { scope: 'users', own: 'path' } as const;

/** @returns UNIX milliseconds; undefined: everything. @throws HubRefusal */
function beforeOf(body: unknown): number | undefined {
  if (body === undefined) return undefined;
  if (!isObject(body)) throw unprocessable({ path: '', reason: 'must be an object' });
  const unknown = unknownFields(body, ['before']);
  if (unknown.length > 0) throw unprocessable(...unknown);
  if (body.before === undefined) return undefined;
  const before = typeof body.before === 'string' ? instantMs(body.before) : undefined;
  if (before === undefined)
    throw unprocessable({ path: 'before', reason: 'must be an instant such as 2026-12-01T09:00:00Z' });
  return before;
}

/** The inbox of a person: everything that was for them, by whatever channel. */
export function inboxRoutes({ inbox }: InboxRoutesParts): readonly HubRoute[] {
  const ownerOf = ({ app, params: { user } }: HubRequest<'user'>) => ({ app, user });
  const counted = async (request: HubRequest<'user'>): Promise<HubAnswer> => ({
    status: 200,
    body: await inbox.counts(ownerOf(request)),
  });
  const marking = <const Word extends string>(word: Word, mark: Mark): HubRoute =>
    hubRoute({
      ...{ ...common, method: 'POST', path: `${PATH}/{id}/${word}` as `${typeof PATH}/{id}/ack` },
      ...{ body: 'none', action: `inbox.${word}` },
      handle: async (request) => {
        await inbox.mark(ownerOf(request as HubRequest<'user'>), request.params.id, mark);
        return counted(request as HubRequest<'user'>);
      },
    });
  return [
    hubRoute({
      ...{ ...common, method: 'GET', path: PATH },
      handle: async (request) => {
        const page = pageOf(LIST, ['number', 'string'], request.query);
        const [place, notification] = (page.after ?? []) as [number?, string?];
        const before = place === undefined || notification === undefined ? undefined : { place, notification };
        const { rows, counts } = await inbox.page(ownerOf(request), page.limit, before);
        const { rows: shown, next } = pageBody(LIST, rows, page, ({ row }) => [row.place, row.notification]);
        return { status: 200, body: { notifications: shown.map(({ item }) => item), ...counts, ...next } };
      },
    }),
    hubRoute({
      ...{ ...common, method: 'POST', path: `${PATH}/read-all`, body: 'maybe', action: 'inbox.read_all' },
      handle: async (request) => {
        await inbox.readAll(ownerOf(request), beforeOf(request.body));
        return counted(request);
      },
    }),
    hubRoute({
      ...{ ...common, method: 'GET', path: `${PATH}/{id}` },
      handle: async (request) => ({ status: 200, body: await inbox.one(ownerOf(request), request.params.id) }),
    }),
    hubRoute({
      ...{ ...common, method: 'DELETE', path: `${PATH}/{id}`, action: 'inbox.remove' },
      handle: async (request) => {
        await inbox.remove(ownerOf(request), request.params.id);
        return { status: 204 };
      },
    }),
    marking('ack', 'acked'),
    marking('seen', 'seen'),
    marking('read', 'read'),
  ];
}
