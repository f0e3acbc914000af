import { MartletError } from '../kit/errors.ts';
import { APP_NAME, DEFAULT_APP } from '../push/app-name.ts';
import type { Notification } from '../push/push.ts';
import type { IdempotentOptions } from '../relay/idempotency.ts';
import type { AppRegistry } from './app-registry.ts';
import { type AppLimits, checkLimits } from './limits.ts';

/** A notification that cannot go out for the app that it names. Nothing of its request was taken. */
export class AppRefusedError extends MartletError {
  readonly code = 'ERR_APP_REFUSED';
  /** HTTP's: 400 it names no app that there is, 403 the caller may not use it, 503 the app has no such provider. */
  readonly status: 400 | 403 | 503;
  readonly details: readonly { readonly path: string; readonly reason: string }[];

  constructor(status: 400 | 403 | 503, path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.status = status;
    this.details = [{ path, reason }];
  }

  /** As far as is known here there is no such app. */
  get isUnknown(): boolean {
    return this.status === 400 && this.details.some(({ path }) => path.endsWith('.app'));
  }
}

/** What a notification chooses: the name of an app, or why there is none. */
export type Choice = { readonly app: string } | { readonly field: 'app' | 'project_id'; readonly why: string };

type Apps = Pick<AppRegistry, 'get' | 'byTopic' | 'byProject' | 'size'> & Partial<Pick<AppRegistry, 'unsure'>>;

function byAddress(apps: Apps, { platform, topic, project_id }: Notification): string | undefined {
  if (platform === 1 && topic) return apps.byTopic(topic)?.name;
  if (platform === 2 && project_id) return apps.byProject(project_id)?.name;
  return undefined;
}

/**
 * The app of a notification: the one it names; else, where the caller is not bound to one app, the only one that has its APNs
 * topic or Firebase project; else that of the request.
 * @param fallback the app of the request
 */
export function chooseApp(apps: Apps, notification: Notification, fallback: string): Choice {
  const { app: named, project_id: project, platform } = notification;
  if (!named && apps.size === 0 && !project) return { app: fallback };
  const known = named ? apps.get(named) : undefined;
  if (named && !known && named.toLowerCase() !== DEFAULT_APP)
    return apps.unsure && APP_NAME.test(named.toLowerCase())
      ? { app: named.toLowerCase() }
      : { field: 'app', why: 'there is no such app' };
  const addressed = fallback === DEFAULT_APP ? byAddress(apps, notification) : undefined;
  const app = named ? (known?.name ?? DEFAULT_APP) : (addressed ?? fallback);
  const own = apps.get(app)?.project;
  if (project && platform === 2 && own !== undefined && own !== project)
    return { field: 'project_id', why: `the project of the app ${app} is another one` };
  return { app };
}

/** Of a request: the app of notifications that choose none, and the apps that the caller may use. */
export type ChooseOptions = Pick<IdempotentOptions, 'app' | 'allowedApps'>;

/** What is asked about an app besides its name. */
export interface AppFacts {
  /** Why the app cannot send to this platform; undefined when it can, and for platforms that there are not. */
  readonly providerTrouble: (app: string, platform: number) => string | undefined;
  readonly limitsOf: (app: string) => AppLimits;
}

/**
 * Decides for each notification of a request which app it goes out for, and writes that into it. True when a notification had
 * not said so itself: then the request as received is no longer what must be kept.
 * @throws AppRefusedError naming the field: nothing of the request may be taken.
 */
export function chooseApps(
  apps: Apps,
  notifications: readonly Notification[],
  { app, allowedApps }: ChooseOptions,
  facts: AppFacts,
): boolean {
  const [sole] = allowedApps?.size === 1 ? allowedApps : [];
  const fallback = app ?? sole ?? DEFAULT_APP;
  if (apps.size === 0 && !allowedApps && notifications.every((each) => !each.app && !each.project_id)) return false;
  let changed = false;
  for (const [index, notification] of notifications.entries()) {
    const place = `notifications[${index}]`;
    // Before anything else: which apps there are is nothing to who may not use them.
    if (allowedApps && notification.app && !allowedApps.has(notification.app.toLowerCase())) throw notYours(place);
    const choice = chooseApp(apps, notification, fallback);
    if ('why' in choice) throw new AppRefusedError(400, `${place}.${choice.field}`, choice.why);
    if (allowedApps && !allowedApps.has(choice.app)) throw notYours(place);
    // A key may be for an app that is still to be made, or is gone: nothing goes out in its name with the default's credentials.
    if (choice.app !== DEFAULT_APP && !apps.unsure && !apps.get(choice.app))
      throw new AppRefusedError(400, `${place}.app`, 'there is no such app');
    if (choice.app !== DEFAULT_APP) check(choice.app, notification, place, facts);
    if (notification.app === choice.app || (!notification.app && choice.app === DEFAULT_APP)) continue;
    notification.app = choice.app;
    changed = true;
  }
  return changed;
}

const notYours = (place: string): AppRefusedError =>
  new AppRefusedError(403, `${place}.app`, 'the key may not push for this app');

/** @throws AppRefusedError */
function check(app: string, notification: Notification, place: string, { providerTrouble, limitsOf }: AppFacts): void {
  const trouble = providerTrouble(app, notification.platform);
  if (trouble) throw new AppRefusedError(503, `${place}.platform`, trouble);
  const excess = checkLimits(notification, limitsOf(app));
  if (excess) throw new AppRefusedError(400, excess.path ? `${place}.${excess.path}` : place, excess.reason);
}
