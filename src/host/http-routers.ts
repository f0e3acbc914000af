import type { Router } from 'express';
import { callbackRoutes } from '../api/callback-routes.ts';
import { historyRoutes } from '../api/history-routes.ts';
import { guidesDoor } from '../api/openapi/guides/guides-door.ts';
import type { Reference } from '../api/openapi/reference.ts';
import { principalOfRequest } from '../auth/request-principal.ts';
import type { ProviderRow, SectionValues } from '../carrier/provider-row.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { History } from '../observe/history/history.ts';
import type { Transports } from '../providers/transports.ts';
import { type SelfServiceOptions, type SelfServiceRelay, selfService } from './self-service.ts';

export interface HttpRoutersOptions extends SelfServiceOptions {
  /** Undefined: `hub.enabled: false`. */
  readonly hubDoor?: { readonly routers: readonly Router[] } | undefined;
  /** Routers of parts that are switched on, such as the sandbox. */
  readonly routers?: readonly Router[];
}

/** What these routes ask of a relay. */
export interface HttpRoutersRelay extends SelfServiceRelay {
  readonly history: Pick<History, 'explain' | 'list'> | undefined;
  readonly transports: SelfServiceRelay['transports'] & Pick<Transports, 'callback'>;
  /** What an app sends to a provider with; undefined when it does not. */
  sectionOf(app: string, row: ProviderRow): SectionValues | undefined;
}

/** With keys that are for some apps only, each sees the pushes of its own. */
const historyOf = ({ history }: HttpRoutersRelay): Router[] =>
  history ? [historyRoutes({ history, appsOf: (req) => principalOfRequest(req)?.apps })] : [];

/** What providers report by themselves. */
const callbacksOf = (relay: HttpRoutersRelay, bodies: BodyRoom | undefined): Router =>
  callbackRoutes({
    bodies,
    providers: relay.apps.providers,
    sectionOf: (app, row) => relay.sectionOf(app, row),
    callback: (row, request) => relay.transports.callback(row, request),
  });

/** The routes that Express finds: loaded with the first request for one, as a relay that only takes pushes never needs them. */
export const httpRouters = (
  relay: HttpRoutersRelay,
  options: HttpRoutersOptions,
  guides: Pick<Reference, 'whole'>,
): readonly Router[] => [
  guidesDoor(guides),
  ...historyOf(relay),
  callbacksOf(relay, options.bodies),
  selfService(relay, options),
  ...(options.hubDoor?.routers ?? []),
  ...(options.routers ?? []),
];
