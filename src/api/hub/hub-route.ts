import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Precondition } from '../../apps/store/app-admin.ts';
import type { Principal, Scope } from '../../auth/principal.ts';
import type { HubAnswer } from './hub-answer.ts';
import type { OwnUse } from './hub-caller.ts';
import type { KeepAnswer } from './idempotent.ts';
import type { Query } from './query.ts';
import type { ParamsOf } from './route-table.ts';

/** A request that may do what it asks. */
export interface HubRequest<Param extends string = string> {
  /** For routes that read the body, or write the answer, by themselves. */
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The ids of the path, decoded. */
  readonly params: Readonly<Record<Param, string>>;
  readonly query: Query;
  readonly app: string;
  /** Undefined: no keys are configured. */
  readonly principal: Principal | undefined;
  /** The person whose token it is; undefined for a back end, which may speak of anyone of the app. */
  readonly person: string | undefined;
  /** JSON; undefined without a body, where the route does not insist on one. */
  readonly body: unknown;
  /** `If-Match`, `If-None-Match`: whether a change of the resource in this version is wanted; undefined: it is not there. */
  readonly precondition: Precondition;
  /** The same as an error. @throws HubRefusal 412 */
  expect(rev: number | undefined): void;
  /**
   * Keeps the answer for repetitions with the same `Idempotency-Key`; nothing without one. To be called by every POST that makes
   * something, in the transaction that makes it.
   */
  readonly keep: KeepAnswer;
  /** `HubAnswer.partial` of an earlier request with the same `Idempotency-Key`. */
  readonly partial?: unknown;
}

/**
 * What a body must be: `json`; `maybe`: JSON or empty; `none`: it is not read; `stream`: the route reads it, and `Idempotency-Key`
 * has no meaning.
 */
export type BodyUse = 'json' | 'maybe' | 'none' | 'stream';

export interface HubRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/users/{user}/tokens` */
  readonly path: string;
  /** What a key needs. `hubNeed` of src/auth/hub-scopes.ts says the same. */
  readonly scope: Scope;
  /** Absent: the token of a person is not enough. */
  readonly own?: OwnUse;
  /** Default: `json` for POST, PUT and PATCH, else `none`. */
  readonly body?: BodyUse;
  /** Names of the parameters that it reads, beside `app`; default: none. */
  readonly query?: readonly string[];
  /** Bytes; default 1 MiB. */
  readonly maxBody?: number;
  /** It may make the app that it names: one that is not there yet is no refusal. */
  readonly makesApp?: true;
  /** One who has not said who that is may come as far as the route, which asks. */
  readonly stranger?: true;
  /** What the audit log calls it, such as `device.update`; absent: it changes nothing. */
  readonly action?: string;
  readonly handle: (request: HubRequest) => Promise<HubAnswer | undefined>;
  /**
   * The same for requests of which nothing but this matters, so that they need no node:http; absent: there are none.
   * @throws HubRefusal at once for a body that is not what the route takes
   */
  readonly direct?: (asked: DirectRequest) => Promise<HubAnswer>;
}

export type DirectRequest = Pick<HubRequest, 'app' | 'body' | 'keep'>;

type TypedRoute<Path extends string> = Omit<HubRoute, 'path' | 'handle'> & {
  readonly path: Path;
  /** @returns undefined when the route has answered by itself */
  readonly handle: (request: HubRequest<ParamsOf<Path>>) => Promise<HubAnswer | undefined>;
};

/** A route whose handler knows the names of its parameters. */
export const hubRoute = <const Path extends string>(route: TypedRoute<Path>): HubRoute => route as unknown as HubRoute;
