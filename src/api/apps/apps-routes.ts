import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Request, Router } from 'express';
import type { AppRegistry } from '../../apps/app-registry.ts';
import { type AppAdmin, AppChangeError, type Changed, LARGEST_SETTINGS } from '../../apps/store/app-admin.ts';
import { fileAppView, storedAppView } from '../../apps/store/app-view.ts';
import type { AppSync, StoredApp } from '../../apps/store/sync-apps.ts';
import { auditAdmin, type WriteAudit } from '../../auth/audit.ts';
import { principalOfRequest } from '../../auth/request-principal.ts';
import type { ProviderRow } from '../../carrier/provider-row.ts';
import { sendJson } from '../../kit/http/answer.ts';
import type { BodyRoom } from '../../kit/http/body-room.ts';
import { httpStatus } from '../../kit/http/http-status.ts';
import { readBody } from '../../kit/http/read-body.ts';
import { isObject } from '../../kit/is-object.ts';
import { RefusedError } from '../../kit/refusal.ts';
import { bodyRefusal, callerRoom } from '../caller-room.ts';
import { preconditionOf } from '../preconditions.ts';
import { AppsRefusal, answered, notAllowed, type Work } from './apps-refusals.ts';

export interface AppsRoutesOptions {
  readonly registry: AppRegistry;
  /** Undefined without a store: apps of config.yml can be read, and nothing changed. */
  readonly sync: AppSync | undefined;
  readonly admin: AppAdmin;
  /** Why the sender of a request may not use these routes at all; undefined: every authenticated caller may. */
  readonly closed: (req: IncomingMessage) => string | undefined;
  /** Bytes; default 256 KiB. */
  readonly maxBody?: number;
  /** The room that all bodies share; default: any. */
  readonly bodies?: BodyRoom | undefined;
  readonly audit: WriteAudit | undefined;
  readonly log: { info(message: string): void };
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

const etag = (version: string | number): string => `"${version}"`;

const bodyOf = (req: IncomingMessage, limit: number, bodies: BodyRoom | undefined): Promise<unknown> =>
  new Promise((resolve, reject) =>
    readBody(req, { limit, room: callerRoom(req, bodies) }, (body) => {
      if (typeof body === 'string') {
        const { kind, message } = bodyRefusal(body, `${limit} bytes`);
        reject(new AppsRefusal(kind, message));
        return;
      }
      try {
        resolve(JSON.parse(body.toString()));
      } catch {
        // The parser quotes the text, which may be a secret.
        reject(new AppsRefusal('invalid', 'the body is not JSON'));
      }
    }),
  );

/** What is done to which app; told to the audit log whether it succeeds or not. */
interface Change {
  readonly action: string;
  readonly name: string;
  readonly target?: string;
}

class AppsRoutes {
  readonly #options: AppsRoutesOptions;

  constructor(options: AppsRoutesOptions) {
    this.#options = options;
  }

  readonly list: Work = async (req, res) => {
    await this.#options.sync?.refresh().catch(() => {});
    const limit = limitOf(req.query.limit);
    const after = String(req.query.cursor ?? '');
    const names = this.#names().filter((name) => this.#mayUse(req, name));
    const rest = names.filter((name) => name > after);
    const page = rest.slice(0, limit);
    const next = rest.length > limit ? { next_cursor: page.at(-1) } : {};
    sendJson(res, 200, { apps: page.map((name) => this.#view(name)), ...next });
  };

  readonly read: Work = async (req, res) => {
    const name = this.#nameOf(req);
    await this.#options.sync?.refresh().catch(() => {});
    const view = this.#view(name);
    if (!view) throw new AppChangeError('not_found', 'there is no such app');
    sendJson(res, 200, view, { ETag: etag(String(view.version)) });
  };

  readonly create: Work = async (req, res) => {
    const body = await this.#body(req);
    const { name, ...settings } = isObject(body) ? body : {};
    if (typeof name !== 'string')
      throw new AppChangeError('invalid', 'name: must be given', [{ path: 'name', reason: 'must be given' }]);
    this.#allow(req, name);
    const changed = await this.#told(req, { action: 'app.create', name }, () =>
      this.#admin(req).create(name, settings),
    );
    this.#sendChanged(res, changed);
  };

  readonly replace: Work = async (req, res) => {
    const name = this.#nameOf(req);
    const body = await this.#body(req);
    const changed = await this.#told(req, { action: 'app.replace', name }, () =>
      this.#admin(req).replace(name, body, preconditionOf(req.headers)),
    );
    this.#sendChanged(res, changed);
  };

  readonly patch: Work = async (req, res) => {
    const name = this.#nameOf(req);
    const body = await this.#body(req);
    // Only names that are ours go into logs.
    const names = Object.keys(this.#options.registry.providers.configSchema.app.properties);
    const target = typeof body === 'object' && body !== null ? names.filter((name) => name in body).join(' ') : '';
    const changed = await this.#told(req, { action: 'app.update', name, target }, () =>
      this.#admin(req).patch(name, body, preconditionOf(req.headers)),
    );
    this.#sendChanged(res, changed);
  };

  readonly remove: Work = async (req, res) => {
    const name = this.#nameOf(req);
    await this.#told(req, { action: 'app.delete', name }, () =>
      this.#admin(req).delete(name, preconditionOf(req.headers)),
    );
    res.writeHead(204).end();
  };

  readonly putProvider: Work = async (req, res) => {
    const [name, row] = [this.#nameOf(req), this.#rowOf(req)];
    const probe = flagOf(req.query.probe);
    const body = await this.#body(req);
    const changed = await this.#told(
      req,
      { action: 'provider.update', name, target: `provider: ${row.platform}` },
      () => this.#admin(req).putProvider(name, row, body, preconditionOf(req.headers), probe),
    );
    this.#sendChanged(res, changed);
  };

  readonly removeProvider: Work = async (req, res) => {
    const [name, row] = [this.#nameOf(req), this.#rowOf(req)];
    const changed = await this.#told(
      req,
      { action: 'provider.delete', name, target: `provider: ${row.platform}` },
      () => this.#admin(req).deleteProvider(name, row, preconditionOf(req.headers)),
    );
    this.#sendChanged(res, changed);
  };

  #rowOf(req: Request): ProviderRow {
    const { providers } = this.#options.registry;
    const row = providers.ofPlatform(String(req.params.platform));
    if (row) return row;
    throw new AppChangeError('not_found', `there is no such provider; there are ${providers.platforms.join(', ')}`);
  }

  #admin(req: IncomingMessage): AppAdmin {
    const { admin } = this.#options;
    return principalOfRequest(req)?.apps ? admin.forSome() : admin;
  }

  #body(req: IncomingMessage): Promise<unknown> {
    const { maxBody = LARGEST_SETTINGS, bodies } = this.#options;
    return bodyOf(req, maxBody, bodies);
  }

  #sendChanged(res: ServerResponse, { app, created }: Changed): void {
    const headers = { ETag: etag(app.version), ...(created ? { Location: `/v1/apps/${app.name}` } : {}) };
    sendJson(res, created ? 201 : 200, storedAppView(app, this.#options.registry.providers), headers);
  }

  /** Logs and audits a change, or that it was refused. */
  async #told<T>(req: IncomingMessage, change: Change, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      const isNew = (result as Changed | undefined)?.created === true;
      const action = change.action === 'app.replace' ? (isNew ? 'app.create' : 'app.update') : change.action;
      this.#audit(req, { ...change, action }, isNew ? 201 : 200);
      this.#options.log.info(`app ${change.name}: ${action}${change.target ? ` (${change.target})` : ''}`);
      return result;
    } catch (error) {
      this.#audit(req, change, httpStatus[error instanceof RefusedError ? error.kind : 'internal']);
      throw error;
    }
  }

  #audit(req: IncomingMessage, { action, name, target }: Change, status: number): void {
    auditAdmin(this.#options.audit, req, {
      action,
      status,
      ...(isWord(name) ? { app: name } : {}),
      ...(target ? { target } : {}),
    });
  }

  #names(): string[] {
    const { registry, sync } = this.#options;
    const names = new Set([...registry].filter(({ origin }) => origin === 'file').map(({ name }) => name));
    for (const { name } of sync?.all() ?? []) names.add(name);
    return [...names].sort();
  }

  #view(name: string): Readonly<Record<string, unknown>> | undefined {
    const { registry, sync } = this.#options;
    const app = registry.get(name);
    if (app?.origin === 'file') return fileAppView(app);
    const stored: StoredApp | undefined = sync?.get(name);
    return stored && storedAppView(stored, this.#options.registry.providers);
  }

  #nameOf(req: Request): string {
    const name = String(req.params.app);
    this.#allow(req, name);
    return name;
  }

  #mayUse(req: IncomingMessage, name: string): boolean {
    const apps = principalOfRequest(req)?.apps;
    return apps === undefined || apps.has(name);
  }

  #allow(req: IncomingMessage, name: string): void {
    if (!this.#mayUse(req, name)) throw new AppsRefusal('forbidden', 'the key may not use this app');
  }
}

/** What may be answered and logged. */
const isWord = (text: string): boolean => /^[\w-]{1,64}$/.test(text);

const invalidQuery = (name: string, wanted: string): AppChangeError =>
  new AppChangeError('invalid', `${name}: must be ${wanted}`, [{ path: name, reason: `must be ${wanted}` }]);

function limitOf(given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT;
  const limit = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalidQuery('limit', `a whole number from 1 to ${MAX_LIMIT}`);
  return limit;
}

function flagOf(given: unknown): boolean {
  if (given === undefined || given === 'false') return false;
  if (given === 'true') return true;
  throw invalidQuery('probe', 'true or false');
}

/**
 * `/v1/apps`: apps made, changed and removed at run time. All of it is for administrators; who is one was decided before. Answers
 * never hold a secret.
 */
export function appsRoutes(options: AppsRoutesOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const routes = new AppsRoutes(options);
  const { closed } = options;
  const serve = (path: string, works: Readonly<Record<string, Work>>): void => {
    const methods = Object.keys(works).map((method) => method.toUpperCase());
    const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const route = router.route(path);
    for (const [method, work] of Object.entries(works))
      route[method as 'get' | 'post' | 'put' | 'patch' | 'delete'](answered(closed, work));
    route.all(answered(closed, notAllowed(allow.join(', '))));
  };
  serve('/v1/apps', { get: routes.list, post: routes.create });
  serve('/v1/apps/:app', { get: routes.read, put: routes.replace, patch: routes.patch, delete: routes.remove });
  serve('/v1/apps/:app/providers/:platform', { put: routes.putProvider, delete: routes.removeProvider });
  return router;
}
