import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONSOLE_EVENTS } from '../api/console/console-routes.ts';
import type { Config } from '../config/schema.ts';
import { sizeOf } from '../kit/http/answer.ts';
import { pathOf } from '../kit/http/exact-routes.ts';
import type { Log } from '../observe/log/log.ts';
import type { SysStats } from '../observe/stats/sys-stats.ts';
import { loggedPath } from './logged-path.ts';

/** Of a person; a poll that waits is one, too. */
const STREAM = /^\/v1\/users\/[^/]+\/stream(?:\/(?:events|ws))?$/;

type HttpListener = (req: IncomingMessage, res: ServerResponse) => void;

export interface ObservedAppOptions {
  readonly api: Config['api'];
  readonly sysStats: SysStats;
  readonly log: Pick<Log, 'request'>;
}

/** Counts and logs each answer, once it is gone. */
export function observedApp(app: HttpListener, { api, sysStats, log }: ObservedAppOptions): HttpListener {
  // As in Gorush: scrapes and health checks would be most of the log.
  const silent = new Set([api.health_uri, api.metric_uri, '/readyz']);
  return (req, res) => {
    const begun = sysStats.begin();
    res.on('finish', () => {
      const size = sizeOf(res);
      const path = pathOf(req.url as string) ?? '';
      const { statusCode: status } = res;
      // Not an answer like the others: it takes as long as a browser watches.
      if ((path === CONSOLE_EVENTS || STREAM.test(path)) && status === 200) return;
      sysStats.end(begun, status, size);
      if (silent.has(path)) return;
      log.request({
        method: req.method as string,
        path: loggedPath(path),
        status,
        ms: performance.now() - begun,
        size,
      });
    });
    app(req, res);
  };
}
