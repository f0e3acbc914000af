import type { Router } from 'express';
import { appsRoutes } from '../api/apps/apps-routes.ts';
import type { AppRegistry } from '../apps/app-registry.ts';
import { AppAdmin } from '../apps/store/app-admin.ts';
import type { StoredApps } from '../apps/store/open-stored-apps.ts';
import { createProbe, type ProbeOptions } from '../apps/store/probe-credential.ts';
import { closedBecause } from '../auth/admin-access.ts';
import { isConfigured } from '../auth/auth.ts';
import { notFromHere } from '../auth/own-page.ts';
import type { Config } from '../config/schema.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { Log } from '../observe/log/log.ts';

/** What /v1/apps asks of a relay. */
export interface SelfServiceRelay {
  readonly apps: AppRegistry;
  readonly storedApps: Pick<StoredApps, 'store' | 'sync' | 'keys' | 'trouble'>;
  readonly transports: ProbeOptions['transports'];
}

export interface SelfServiceOptions {
  readonly config: Config;
  readonly log: Log;
  /** The room that all bodies share; default: any. */
  readonly bodies?: BodyRoom | undefined;
}

/** Changes the apps of a relay's store. */
export function appAdminOf(relay: SelfServiceRelay, config: Config): AppAdmin {
  const allowPrivate = config.apps.allow_private_hooks || config.sandbox.enabled;
  const probe = createProbe({
    providers: relay.apps.providers,
    config,
    transports: relay.transports,
    trusted: config.apps.allow_private_hooks,
    sandbox: config.sandbox.enabled,
  });
  return new AppAdmin({ apps: relay.storedApps, registry: relay.apps, rules: { allowPrivate }, probe });
}

/** The routes of /v1/apps on a relay. */
export function selfService(relay: SelfServiceRelay, { config, log, bodies }: SelfServiceOptions): Router {
  const closed = closedBecause(config, 'apps are');
  return appsRoutes({
    registry: relay.apps,
    sync: relay.storedApps.sync,
    admin: appAdminOf(relay, config),
    closed: (req) => closed ?? (isConfigured(config.auth) ? undefined : notFromHere(req)),
    bodies,
    audit: log.audit,
    log,
  });
}
