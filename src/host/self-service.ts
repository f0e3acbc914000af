import type { Router } from 'express';
import { appsRoutes } from '../api/apps/apps-routes.ts';
import { AppAdmin } from '../apps/store/app-admin.ts';
import type { StoredApps } from '../apps/store/open-stored-apps.ts';
import { createProbe } from '../apps/store/probe-credential.ts';
import { closedBecause } from '../auth/admin-access.ts';
import { isConfigured } from '../auth/auth.ts';
import { notFromHere } from '../auth/own-page.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../observe/log/log.ts';
import type { RelayHost } from './relay-host.ts';

const NOTHING: Pick<StoredApps, 'store' | 'sync' | 'keys' | 'trouble'> = {
  store: undefined,
  sync: undefined,
  keys: undefined,
  trouble: { kind: 'off', text: 'apps cannot be kept here' },
};

/** The routes of /v1/apps on a relay. */
export function selfService(host: RelayHost, { config, log }: { config: Config; log: Log }): Router {
  const apps = host.storedApps ?? NOTHING;
  const allowPrivate = config.apps.allow_private_hooks || config.sandbox.enabled;
  const probe = createProbe({
    providers: host.providers,
    config,
    transports: host.transports,
    trusted: config.apps.allow_private_hooks,
    sandbox: config.sandbox.enabled,
  });
  const closed = closedBecause(config, 'apps are');
  return appsRoutes({
    registry: host.apps,
    sync: apps.sync,
    admin: new AppAdmin({ apps, registry: host.apps, rules: { allowPrivate }, probe }),
    closed: (req) => closed ?? (isConfigured(config.auth) ? undefined : notFromHere(req)),
    audit: log.audit,
    log,
  });
}
