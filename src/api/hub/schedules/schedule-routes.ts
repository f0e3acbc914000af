import type { TakenNotice } from '../../../hub/notifications/notices.ts';
import { ScheduleRefusal } from '../../../hub/schedules/schedule.ts';
import { scheduleView } from '../../../hub/schedules/schedule-view.ts';
import type { ScheduleChange, ScheduleResult, Schedules } from '../../../hub/schedules/schedules.ts';
import { actorOf } from '../actor.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from '../list-page.ts';

export interface ScheduleRoutesParts {
  readonly schedules: Schedules;
}

const LIST = 'schedules';
const PATH = '/v1/schedules/{id}';

const changeOf = (request: HubRequest<'id'>): ScheduleChange => ({
  app: request.app,
  id: request.params.id,
  by: actorOf(request),
  expect: (rev) => request.expect(rev),
});

const changedAnswer = ({ schedule, created }: ScheduleResult): HubAnswer => ({
  status: created ? 201 : 200,
  body: scheduleView(schedule),
  rev: schedule.rev,
});

const noticeAnswer = ({ id, status, recipients }: TakenNotice): HubAnswer => ({
  status: 202,
  body: { id, status, recipients },
});

/** `/v1/schedules`: what is sent again and again. */
export function scheduleRoutes({ schedules }: ScheduleRoutesParts): readonly HubRoute[] {
  return [
    hubRoute({
      ...{ method: 'GET', path: '/v1/schedules', scope: 'read', query: PAGE_QUERY },
      handle: async ({ app, query }) => {
        const page = pageOf(LIST, ['string'], query);
        const [after] = (page.after ?? []) as [string?];
        const { found, isCut } = await schedules.list({ app, after, limit: page.limit + 1 });
        const { rows, next } = pageBody(LIST, found, page, ({ id }) => [id], isCut);
        return { status: 200, body: { schedules: rows.map(scheduleView), ...next } };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: PATH, scope: 'read' },
      handle: async ({ app, params: { id } }) => {
        const schedule = await schedules.get(app, id);
        if (!schedule) throw new ScheduleRefusal('not_found', 'there is no such schedule');
        return { status: 200, body: scheduleView(schedule), rev: schedule.rev };
      },
    }),
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'push', action: 'schedule.replace' },
      handle: async (request) => changedAnswer(await schedules.put(changeOf(request), request.body)),
    }),
    hubRoute({
      ...{ method: 'PATCH', path: PATH, scope: 'push', action: 'schedule.update' },
      handle: async (request) => changedAnswer(await schedules.patch(changeOf(request), request.body)),
    }),
    hubRoute({
      ...{ method: 'DELETE', path: PATH, scope: 'push', action: 'schedule.delete' },
      handle: async (request) => {
        await schedules.remove(changeOf(request));
        return { status: 204 };
      },
    }),
    hubRoute({
      ...{ method: 'POST', path: `${PATH}/run`, scope: 'push', body: 'none', action: 'schedule.run' },
      handle: async ({ app, params: { id }, keep }) =>
        noticeAnswer(await schedules.runNow(app, id, (tx, taken) => keep(tx, noticeAnswer(taken)))),
    }),
  ];
}
