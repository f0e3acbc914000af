import type { IncomingMessage } from 'node:http';
import { GORUSH_VERSION, sendError, sendJson } from '../../kit/http/answer.ts';
import type { HttpHandler } from '../../kit/http/exact-routes.ts';
import { type StatAppInput, shownOfAll, shownOfOne, statApp } from '../../observe/stats/stat-app.ts';
import type { StatReading } from '../../observe/stats/stats.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';

export interface StatAppRouteOptions {
  /** Of all processes. */
  readonly read: () => Promise<Pick<StatAppInput, 'tasks' | 'busyWorkers'> & StatReading>;
  /** Whose counters the sender of a request may see; undefined: all. */
  readonly appsOf: (req: IncomingMessage) => ReadonlySet<string> | undefined;
  /** @param name in lower case */
  readonly isApp: (name: string) => boolean;
}

const APP_MISTAKE = { path: 'app', reason: 'must be given once' };

/** The values of the parameter `app` that are not empty, in lower case. */
function appsAskedFor(url: string): string[] {
  const query = url.indexOf('?');
  if (query < 0) return [];
  const names = new URLSearchParams(url.slice(query)).getAll('app');
  return names.filter((name) => name !== '').map((name) => name.toLowerCase());
}

/** `GET /api/stat/app`: the counters of all apps; with `?app=` those of one, in the same form. */
export function statAppRoute({ read, appsOf, isApp }: StatAppRouteOptions): HttpHandler {
  return async (req, res) => {
    const [app, ...more] = appsAskedFor(req.url as string);
    const allowed = appsOf(req);
    if (more.length > 0) return sendError(res, 'invalid', 'app must be given once.', { details: [APP_MISTAKE] });
    if (app !== undefined && allowed && !allowed.has(app))
      return sendError(res, 'forbidden', 'the key may not use this app');
    const { tasks, busyWorkers, ...reading } = await read();
    if (app !== undefined && app !== DEFAULT_APP && !isApp(app) && !reading.apps.has(app))
      return sendError(res, 'not_found', 'there is no such app');
    const shown = app === undefined ? shownOfAll(reading, allowed) : shownOfOne(reading, app);
    sendJson(res, 200, statApp({ version: GORUSH_VERSION, tasks, busyWorkers, ...shown }));
  };
}
