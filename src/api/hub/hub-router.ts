import type { IncomingMessage, ServerResponse } from 'node:http';
import { type RequestHandler, Router } from 'express';
import { auditAdmin, noteAudit, type WriteAudit } from '../../auth/audit.ts';
import type { Principal } from '../../auth/principal.ts';
import { isStranger } from '../../auth/request-principal.ts';
import type { IdempotencyLedger } from '../../hub/storage/idempotency.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { UnreadableError } from '../../hub/storage/unreadable.ts';
import { sendError, sendRefused } from '../../kit/http/answer.ts';
import type { BodyRoom } from '../../kit/http/body-room.ts';
import type { FindRoute } from '../../kit/http/exact-routes.ts';
import { httpStatus } from '../../kit/http/http-status.ts';
import { RefusedError } from '../../kit/refusal.ts';
import { preconditionOf } from '../preconditions.ts';
import { auditTarget } from './audit-target.ts';
import { type HubAnswer, sendAnswer } from './hub-answer.ts';
import { bodyBytes, jsonOf } from './hub-body.ts';
import { allowCaller, type CallerParts, callerOfRequest, chooseApp } from './hub-caller.ts';
import { HubRefusal } from './hub-refusal.ts';
import type { BodyUse, HubRequest, HubRoute } from './hub-route.ts';
import { idempotent, type KeepAnswer } from './idempotent.ts';
import { pathParams } from './path-params.ts';
import { Query } from './query.ts';
import { type Found, RouteTable } from './route-table.ts';

export interface HubRouterParts extends CallerParts {
  readonly store: Pick<HubStore, 'write' | 'seal'>;
  readonly ledger: IdempotencyLedger;
  /** Rejects with a RefusedError for the token of a person who was erased after it was issued. */
  readonly stillThere: (user: NonNullable<Principal['user']>) => Promise<void>;
  readonly bodies: BodyRoom | undefined;
  /** `log.audit` */
  readonly audit: WriteAudit | undefined;
}

/** Answers a refusal in a form of its own, for routes that stand in for those of other systems. */
export type SendRefusal = (res: ServerResponse, error: RefusedError) => void;

export interface HubRouterOptions {
  /** Default: the form of every error. */
  readonly refuse?: SendRefusal;
  /** Parameters that a route does not know are overlooked, as those other systems do. */
  readonly anyQuery?: true;
}

/** Of an `UnreadableError`. */
export const UNREADABLE = 'what is kept of it is damaged and cannot be read; it can be deleted, and made again';

/** Of a request without an `Idempotency-Key`. */
export const nothingToKeep: KeepAnswer = async () => {};

const defaultBody = ({ method }: HubRoute): BodyUse => (method === 'GET' || method === 'DELETE' ? 'none' : 'json');

const pathOfUrl = (url: string): string => {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
};

/** Callers with a key share what was asked with it; each person has that alone. */
function callerSpace(principal: Principal | undefined, app: string, { seal }: Pick<HubStore, 'seal'>): string {
  if (!principal) return 'none';
  return principal.user ? `user:${seal.hash('user', app, principal.user.id)}` : principal.kind;
}

/** The routes of the hub: who calls, what about, and may that be; then the route's own work, and its answer. */
class HubRouter {
  readonly #parts: HubRouterParts;
  readonly #table: RouteTable<HubRoute>;
  readonly #refuse: SendRefusal;
  readonly #anyQuery: boolean;

  constructor(
    routes: readonly HubRoute[],
    parts: HubRouterParts,
    { refuse = sendRefused, anyQuery }: HubRouterOptions,
  ) {
    this.#parts = parts;
    this.#table = new RouteTable(routes);
    this.#refuse = refuse;
    this.#anyQuery = anyQuery === true;
  }

  readonly handle: RequestHandler = (req, res, next) => {
    const answer = this.find(req);
    if (answer) return answer(res);
    next();
    return undefined;
  };

  /** The answer rejects with what is no refusal. */
  readonly find: FindRoute = (req) => {
    const found = this.#table.find(req.method as string, pathOfUrl(req.url as string));
    return found && ((res) => this.#answer(found, req, res));
  };

  async #answer(
    found: Exclude<ReturnType<RouteTable<HubRoute>['find']>, undefined>,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    try {
      await this.#serve(found, req, res);
    } catch (error) {
      if (error instanceof UnreadableError && !res.headersSent) {
        req.resume();
        sendError(res, 'internal', UNREADABLE);
        return;
      }
      if (!(error instanceof RefusedError)) throw error;
      // What is left of a body is read and forgotten, so that the answer is seen.
      req.resume();
      if (error.kind === 'unauthenticated')
        res.setHeader('WWW-Authenticate', 'Bearer realm="martlet", error="invalid_token"');
      if (!res.headersSent) this.#refuse(res, error);
      else res.destroy();
    }
  }

  async #serve(
    found: Exclude<ReturnType<RouteTable<HubRoute>['find']>, undefined>,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const principal = await callerOfRequest(req, this.#parts);
    if ('allow' in found) {
      res.setHeader('Allow', found.allow.join(', '));
      throw new HubRefusal('wrong_method', `there are ${found.allow.join(', ')} here`);
    }
    const answer = await this.#done(found, req, res, principal);
    if (answer) sendAnswer(req, res, answer);
  }

  /** Does the work of a route, and has it in the audit log whatever becomes of it. */
  async #done(
    { route, params: raw }: Found<HubRoute>,
    req: IncomingMessage,
    res: ServerResponse,
    principal: Principal | undefined,
  ): Promise<HubAnswer | undefined> {
    const told: Told = { app: undefined, params: {} };
    try {
      if (isStranger(req) && !route.stranger) throw new HubRefusal('unauthenticated', 'A key is needed.');
      const params = pathParams(raw);
      told.params = params;
      allowCaller(principal, { scope: route.scope, own: route.own, user: params.user });
      const query = new Query(req.url as string);
      const isApp = route.makesApp ? () => true : this.#parts.isApp;
      const app = await chooseApp(principal, query.text('app'), isApp);
      told.app = app;
      if (principal?.user) await this.#parts.stillThere(principal.user);
      if (!this.#anyQuery) query.only(['app', ...(route.query ?? [])]);
      const answer = await this.#worked(route, { req, res, params, query, app, principal });
      this.#audit(route, req, told, answer?.status ?? res.statusCode, answer);
      return answer;
    } catch (error) {
      const kind = error instanceof RefusedError ? error.kind : 'internal';
      if (kind === 'forbidden' && route.action === undefined) noteAudit(res, { reason: 'scope' });
      this.#audit(route, req, told, httpStatus[kind]);
      throw error;
    }
  }

  #audit(route: HubRoute, req: IncomingMessage, { app, params }: Told, status: number, answer?: HubAnswer): void {
    const { audit, store } = this.#parts;
    const { action } = route;
    if (action === undefined || !audit) return;
    const target = app === undefined ? undefined : targetOf(route, { app, params, answer }, store);
    auditAdmin(audit, req, {
      ...{ action, status },
      ...(app === undefined ? {} : { app }),
      ...(target === undefined ? {} : { target }),
    });
  }

  async #worked(
    route: HubRoute,
    known: Pick<HubRequest, 'req' | 'res' | 'params' | 'query' | 'app' | 'principal'>,
  ): Promise<HubAnswer | undefined> {
    const { req, app, principal } = known;
    const { bodies, ledger, store } = this.#parts;
    const use = route.body ?? defaultBody(route);
    const reads = use === 'json' || use === 'maybe';
    const bytes = reads ? await bodyBytes(req, bodies, route.maxBody) : Buffer.alloc(0);
    const body = reads && (use === 'json' || bytes.length > 0) ? jsonOf(bytes) : undefined;
    const key = req.headers['idempotency-key'];
    const work = (keep: KeepAnswer, partial?: unknown) => route.handle({ ...requestOf(known, body, keep), partial });
    if (route.method !== 'POST' || key === undefined || use === 'stream') return work(nothingToKeep);
    const keyed = {
      ...{ app, method: route.method, path: pathOfUrl(req.url as string), key: String(key), bytes },
      caller: callerSpace(principal, app, store),
    };
    return idempotent(
      keyed,
      ledger,
      (each) => store.write(each),
      async (keep, partial) => (await work(keep, partial)) as HubAnswer,
    );
  }
}

/** What is known of a request when its audit line is written. */
interface Told {
  app: string | undefined;
  params: Readonly<Record<string, string>>;
}

/** Nothing where the store is not there yet: its keys are in it. */
function targetOf(
  route: HubRoute,
  about: Parameters<typeof auditTarget>[1],
  store: Pick<HubStore, 'seal'>,
): string | undefined {
  try {
    return auditTarget(route, about, store.seal);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

function requestOf(
  known: Pick<HubRequest, 'req' | 'res' | 'params' | 'query' | 'app' | 'principal'>,
  body: unknown,
  keep: KeepAnswer,
): HubRequest {
  const precondition = preconditionOf(known.req.headers);
  return {
    ...known,
    person: known.principal?.user?.id,
    body,
    keep,
    precondition,
    expect(rev) {
      if (!precondition(rev))
        throw new HubRefusal('precondition', 'it is in another version than If-Match or If-None-Match want');
    },
  };
}

/** Routes of the hub, for the application: by Express, and straight. */
export function hubDoor(
  routes: readonly HubRoute[],
  parts: HubRouterParts,
  options: HubRouterOptions = {},
): { readonly router: Router; readonly find: FindRoute } {
  const { handle, find } = new HubRouter(routes, parts, options);
  return { router: Router().use(handle), find };
}

export const hubRouter = (...door: Parameters<typeof hubDoor>): Router => hubDoor(...door).router;
