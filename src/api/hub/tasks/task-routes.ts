import { TaskRefusal, taskStates } from '../../../hub/tasks/task.ts';
import type { TaskChange, TaskResult } from '../../../hub/tasks/task-parts.ts';
import { taskView } from '../../../hub/tasks/task-view.ts';
import type { Tasks } from '../../../hub/tasks/tasks.ts';
import { actorOf } from '../actor.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from '../list-page.ts';

export interface TaskRoutesParts {
  readonly tasks: Tasks;
}

const LIST = 'tasks';
const PATH = '/v1/tasks/{id}';

const changeOf = (request: HubRequest<'id'>): TaskChange => ({
  app: request.app,
  id: request.params.id,
  caller: actorOf(request),
  expect: (rev) => request.expect(rev),
});

const changedAnswer = ({ task, created, changed, notified, reason }: TaskResult): HubAnswer => ({
  status: created ? 201 : 200,
  body: { ...taskView(task), changed, notified, ...(reason ? { reason } : {}) },
  rev: task.rev,
});

/** `/v1/tasks`: what is to be done, by whom, and until when. */
export function taskRoutes({ tasks }: TaskRoutesParts): readonly HubRoute[] {
  return [
    hubRoute({
      ...{ method: 'GET', path: '/v1/tasks', scope: 'read', query: [...PAGE_QUERY, 'state', 'user'] },
      handle: async ({ app, query }) => {
        const page = pageOf(LIST, ['string'], query);
        const [after] = (page.after ?? []) as [string?];
        const state = query.word('state', taskStates);
        const asked = { app, state, user: query.text('user'), after, limit: page.limit + 1 };
        const { found, isCut } = await tasks.list(asked);
        const { rows, next } = pageBody(LIST, found, page, ({ id }) => [id], isCut);
        return { status: 200, body: { tasks: rows.map(taskView), ...next } };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: PATH, scope: 'read' },
      handle: async ({ app, params: { id } }) => {
        const task = await tasks.get(app, id);
        if (!task) throw new TaskRefusal('not_found', 'there is no such task');
        return { status: 200, body: taskView(task), rev: task.rev };
      },
    }),
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'push', action: 'task.replace' },
      handle: async (request) => changedAnswer(await tasks.put(changeOf(request), request.body)),
    }),
    hubRoute({
      ...{ method: 'DELETE', path: PATH, scope: 'push', action: 'task.delete' },
      handle: async (request) => {
        await tasks.remove(changeOf(request));
        return { status: 204 };
      },
    }),
  ];
}
