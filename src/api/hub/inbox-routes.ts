import type { Mark } from '../../hub/sends/marks.ts';
import type { Inbox } from '../../hub/sends/views/inbox-book.ts';
import { id } from '../../hub/words/id.ts';
import { flag, isFaulty, type Reader, readBody, shape } from '../../kit/json/readers.ts';
import { instant } from '../../kit/time/instant.ts';
import type { HubAnswer } from './hub-answer.ts';
import { unprocessable } from './hub-refusal.ts';
import { type BodyUse, type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from './list-page.ts';

export interface InboxRoutesParts {
  readonly inbox: Inbox;
}

const LIST = 'inbox';
const PATH = '/v1/users/{user}/notifications';
const common = { scope: 'users', own: 'path' } as const;

const clearing = { clear: flag, device: id };
const readBodyOf = shape(clearing);
const readAllBodyOf = shape({ ...clearing, before: instant });

/** What a body says beside the mark; nothing without one. @throws HubRefusal */
function optionsOf<T extends object>(reader: Reader<T>, body: unknown): T {
  const read = readBody(reader, body ?? {});
  if (isFaulty(read)) throw unprocessable(...read);
  return read;
}

/** The inbox of a person: everything that was for them, by whatever channel. */
export function inboxRoutes({ inbox }: InboxRoutesParts): readonly HubRoute[] {
  const ownerOf = ({ app, params: { user } }: HubRequest<'user'>) => ({ app, user });
  const counted = async (request: HubRequest<'user'>): Promise<HubAnswer> => ({
    status: 200,
    body: await inbox.counts(ownerOf(request)),
  });
  const marking = <const Word extends string>(word: Word, mark: Mark, body: BodyUse = 'none'): HubRoute =>
    hubRoute({
      ...{ ...common, method: 'POST', path: `${PATH}/{id}/${word}` as `${typeof PATH}/{id}/ack` },
      ...{ body, action: `inbox.${word}` },
      handle: async (request) => {
        const options = optionsOf(readBodyOf, request.body);
        await inbox.mark(ownerOf(request as HubRequest<'user'>), request.params.id, mark, options);
        return counted(request as HubRequest<'user'>);
      },
    });
  return [
    hubRoute({
      ...{ ...common, method: 'GET', path: PATH, query: PAGE_QUERY },
      handle: async (request) => {
        const page = pageOf(LIST, ['number', 'string'], request.query);
        const [place, notification] = (page.after ?? []) as [number?, string?];
        const before = place === undefined || notification === undefined ? undefined : { place, notification };
        const { rows, counts, isCut } = await inbox.page(ownerOf(request), page.limit, before);
        const placeOf = ({ row }: (typeof rows)[number]) => [row.place, row.notification];
        const { rows: shown, next } = pageBody(LIST, rows, page, placeOf, isCut);
        return { status: 200, body: { notifications: shown.map(({ item }) => item), ...counts, ...next } };
      },
    }),
    hubRoute({
      ...{ ...common, method: 'POST', path: `${PATH}/read-all`, body: 'maybe', action: 'inbox.read_all' },
      handle: async (request) => {
        const { before, ...options } = optionsOf(readAllBodyOf, request.body);
        await inbox.readAll(ownerOf(request), before, options);
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
    marking('read', 'read', 'maybe'),
  ];
}
