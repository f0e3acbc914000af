import { isConfigured } from '../../auth/auth.ts';
import type { Config } from '../../config/schema.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import type { ApiSettings } from './api-group.ts';

/** What a process with this configuration serves. @param console whether it has the console */
export const apiSettings = (
  { api, auth, core, history, hub, sandbox }: Config,
  console = false,
  providers: ProviderTable = builtIn,
): ApiSettings => ({
  providers,
  console,
  uris: api,
  maxNotifications: core.max_notification,
  sandbox: sandbox.enabled,
  history: history.enabled,
  hub: hub.enabled,
  hubTest: hub.test_endpoint,
  auth: isConfigured(auth),
});
