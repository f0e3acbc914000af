import { type HookTarget, hookTimeoutMs } from '../feedback/hook-target.ts';
import type { AppSettings } from '../providers/registry.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { App } from './app.ts';

const DEFAULT_TIMEOUT_S = 10;

export interface AppHooksOptions {
  readonly apps: { get(name: string): App | undefined };
  /** The hook of the app `default`. */
  readonly own: HookTarget | undefined;
  /** `apps.allow_private_hooks`. */
  readonly allowPrivate: boolean;
}

/**
 * Where the failed pushes of an app are reported, by its name; undefined when nowhere, or when its settings cannot be opened now. Asked
 * for each failed push, so settings are opened once for each version of an app.
 */
export function createAppHooks({ apps, own, allowPrivate }: AppHooksOptions): (name: string) => HookTarget | undefined {
  const known = new WeakMap<App, HookTarget>();
  return (name) => {
    if (name === DEFAULT_APP) return own;
    const app = apps.get(name);
    if (!app?.shown.webhook) return undefined;
    const target = known.get(app) ?? targetOf(app, allowPrivate);
    if (target) known.set(app, target);
    return target;
  };
}

function targetOf(app: App, allowPrivate: boolean): HookTarget | undefined {
  const webhook = settingsOf(app)?.webhook;
  if (!webhook?.url) return undefined;
  return {
    url: webhook.url,
    headers: webhook.headers ?? [],
    timeoutMs: hookTimeoutMs(webhook.timeout ?? DEFAULT_TIMEOUT_S),
    secrets: webhook.secret ?? [],
    allowPrivate: app.origin === 'file' ? webhook.allow_private === true : allowPrivate,
  };
}

function settingsOf(app: App): AppSettings | undefined {
  try {
    return app.settings();
  } catch {
    return undefined;
  }
}
