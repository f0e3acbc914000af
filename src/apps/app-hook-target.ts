import type { Config } from '../config/schema.ts';
import { type HookTarget, hookTimeoutMs } from '../feedback/hook-target.ts';
import type { App } from './app.ts';

const DEFAULT_TIMEOUT_S = 10;

/** Where the failed pushes of an app are told; undefined when nowhere, or when its settings cannot be opened now. */
export function appHook(
  app: App | undefined,
  apps: Pick<Config['apps'], 'allow_private_hooks'>,
): HookTarget | undefined {
  if (!app?.shown.webhook && app?.origin === 'file') return undefined;
  const webhook = settingsOf(app)?.webhook;
  if (!webhook?.url) return undefined;
  return {
    url: webhook.url,
    headers: webhook.headers ?? [],
    timeoutMs: hookTimeoutMs(webhook.timeout ?? DEFAULT_TIMEOUT_S),
    secrets: webhook.secret ?? [],
    allowPrivate: app?.origin === 'file' ? webhook.allow_private === true : apps.allow_private_hooks,
  };
}

function settingsOf(app: App | undefined) {
  try {
    return app?.settings();
  } catch {
    return undefined;
  }
}
