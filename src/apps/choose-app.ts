import { type FaultyField, RefusedError } from '../kit/refusal.ts';
import { APP_NAME, DEFAULT_APP } from '../push/app-name.ts';
import type { Notification } from '../push/push.ts';
import { UNKNOWN_TARGETS } from '../push/targets.ts';
import type { AcceptOptions } from '../relay/accept.ts';
import type { DecidedApp } from '../relay/restore.ts';
import type { AppRegistry } from './app-registry.ts';
import { type AppLimits, checkLimits } from './limits.ts';
import { noSuchApp } from './refusals.ts';

/** A notification that cannot go out for the app that it names. Nothing of its request was taken. */
export class AppRefusedError extends RefusedError {
  readonly code = 'ERR_APP_REFUSED';
  readonly kind: 'unknown_app' | 'invalid' | 'forbidden' | 'no_provider';
  override readonly details: readonly [FaultyField];

  constructor(kind: AppRefusedError['kind'], path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.kind = kind;
    this.details = [{ path, reason }];
  }
}

/** What a notification chooses: the name of an app, or why there is none. */
type Choice = { readonly app: string } | { readonly field: 'app' | 'project_id'; readonly why: string };

type Apps = Pick<AppRegistry, 'get' | 'byTopic' | 'byProject' | 'size' | 'unsure' | 'providers'>;

const chosenBy = ({ providers }: Apps, { platform }: Notification) => providers.numbered(platform)?.requests.chosenBy;

function byAddress(apps: Apps, notification: Notification): string | undefined {
  const { topic, project_id } = notification;
  const field = chosenBy(apps, notification);
  if (field === 'topic' && topic) return apps.byTopic(topic)?.name;
  if (field === 'project_id' && project_id) return apps.byProject(project_id)?.name;
  return undefined;
}

const NO_SUCH_APP = { field: 'app', why: 'there is no such app' } as const;

/** The app of a name. While not all apps are known here, one that is not may exist. */
function namedApp(apps: Apps, name: string): Choice {
  const known = apps.get(name);
  if (known) return { app: known.name };
  const lower = name.toLowerCase();
  if (lower === DEFAULT_APP || (apps.unsure && APP_NAME.test(lower))) return { app: lower };
  return NO_SUCH_APP;
}

/** A caller that is bound to one app pushes for that one, whatever the address. */
const addressedApp = (apps: Apps, notification: Notification, fallback: string): string =>
  (fallback === DEFAULT_APP ? byAddress(apps, notification) : undefined) ?? fallback;

/** False when the notification names another Firebase project than that of its app. */
function hasProject(apps: Apps, app: string, notification: Notification): boolean {
  const { project_id: project } = notification;
  const own = project && chosenBy(apps, notification) === 'project_id' ? apps.get(app)?.project : undefined;
  return own === undefined || own === project;
}

/**
 * The app of a notification: the one it names; else, where the caller is not bound to one app, the only one that has its APNs
 * topic or Firebase project; else the fallback.
 */
function chooseApp(apps: Apps, notification: Notification, fallback: string): Choice {
  const { app: name, project_id: project } = notification;
  if (!name && !project && apps.size === 0) return { app: fallback };
  const choice = name ? namedApp(apps, name) : { app: addressedApp(apps, notification, fallback) };
  if ('why' in choice || hasProject(apps, choice.app, notification)) return choice;
  return { field: 'project_id', why: `the project of the app ${choice.app} is another one` };
}

/**
 * The app of a notification that was accepted before, by this process or another.
 * @param mayCome apps may be made by others: one that is not known is waited for
 */
export function appOfStored(apps: Apps, notification: Notification, mayCome: boolean): DecidedApp {
  const choice = chooseApp(apps, notification, DEFAULT_APP);
  if ('app' in choice) return choice;
  const app = notification.app ?? DEFAULT_APP;
  const name = app.toLowerCase();
  if (choice.field === 'app' && mayCome && APP_NAME.test(name)) return { app: name };
  const row = apps.providers.numbered(notification.platform);
  return {
    app,
    platform: row?.platform ?? '',
    rules: row?.requests ?? UNKNOWN_TARGETS,
    refused: noSuchApp(choice.why),
  };
}

/** Of a caller: the apps that it may use; absent: all. */
type Caller = Pick<AcceptOptions, 'allowedApps'>;

/** Why an app cannot send. */
export interface SendTrouble {
  /** In CamelCase, as the reasons of failed pushes. */
  readonly reason: string;
  readonly text: string;
}

export interface AppChooserOptions {
  readonly apps: Apps;
  /** Why the app cannot send to this platform; undefined when it can, and for unknown platforms. */
  readonly providerTrouble: (app: string, platform: number) => SendTrouble | undefined;
  readonly limitsOf: (app: string) => AppLimits;
  /** Looks for apps that another instance has made; rejects when the store cannot say. Absent: those known are all there are. */
  readonly refresh?: (() => Promise<void>) | undefined;
}

/**
 * Decides for each notification of a request which app it goes out for, and writes that into it. True when a notification had
 * not said so itself: then the request as received is no longer what must be kept. A promise when the store is asked for an app
 * that is not known here.
 * @throws (or rejects with) AppRefusedError naming the field: nothing of the request may be taken.
 */
export function createAppChooser(
  options: AppChooserOptions,
): (notifications: readonly Notification[], caller: Caller) => boolean | Promise<boolean> {
  return (notifications, caller) => {
    try {
      return chooseApps(notifications, caller, options);
    } catch (error) {
      const { refresh } = options;
      if (!refresh || !(error instanceof AppRefusedError) || error.kind !== 'unknown_app') throw error;
      return chooseAfter(refresh(), notifications, caller, options);
    }
  };
}

async function chooseAfter(
  refreshed: Promise<void>,
  notifications: readonly Notification[],
  caller: Caller,
  options: AppChooserOptions,
): Promise<true> {
  await refreshed.catch(() => {});
  chooseApps(notifications, caller, options);
  // The first look may have written into some of them.
  return true;
}

function chooseApps(
  notifications: readonly Notification[],
  { allowedApps }: Caller,
  options: AppChooserOptions,
): boolean {
  const { apps } = options;
  const [sole] = allowedApps?.size === 1 ? allowedApps : [];
  const fallback = sole ?? DEFAULT_APP;
  if (apps.size === 0 && !allowedApps && notifications.every((each) => !each.app && !each.project_id)) return false;
  let changed = false;
  for (const [index, notification] of notifications.entries()) {
    const place = `notifications[${index}]`;
    const chosen = allowedApp(apps, notification, { place, fallback, allowedApps });
    if (chosen !== DEFAULT_APP) check(chosen, notification, place, options);
    if (notification.app === chosen || (!notification.app && chosen === DEFAULT_APP)) continue;
    notification.app = chosen;
    changed = true;
  }
  return changed;
}

interface Request {
  /** Of the notification, in errors. */
  readonly place: string;
  readonly fallback: string;
  readonly allowedApps: ReadonlySet<string> | undefined;
}

/** The app of a notification, if the caller may use it. @throws AppRefusedError */
function allowedApp(apps: Apps, notification: Notification, { place, fallback, allowedApps }: Request): string {
  // First of all: a caller that may not use an app does not learn whether it exists.
  if (allowedApps && notification.app && !allowedApps.has(notification.app.toLowerCase())) throw notYours(place);
  const choice = chooseApp(apps, notification, fallback);
  if ('why' in choice)
    throw new AppRefusedError(
      choice.field === 'app' ? 'unknown_app' : 'invalid',
      `${place}.${choice.field}`,
      choice.why,
    );
  const { app } = choice;
  if (allowedApps && !allowedApps.has(app)) throw notYours(place);
  // A key may be for an app that is still to be made, or is gone: nothing goes out in its name with the default's credentials.
  if (app !== DEFAULT_APP && !apps.unsure && !apps.get(app))
    throw new AppRefusedError('unknown_app', `${place}.app`, NO_SUCH_APP.why);
  return app;
}

const notYours = (place: string): AppRefusedError =>
  new AppRefusedError('forbidden', `${place}.app`, 'the key may not push for this app');

/** @throws AppRefusedError */
function check(
  app: string,
  notification: Notification,
  place: string,
  { apps, providerTrouble, limitsOf }: AppChooserOptions,
): void {
  const trouble = providerTrouble(app, notification.platform);
  if (trouble) throw new AppRefusedError('no_provider', `${place}.platform`, `${trouble.reason}: ${trouble.text}`);
  const excess = checkLimits(notification, limitsOf(app), apps.providers.numbered(notification.platform)?.requests);
  if (excess) throw new AppRefusedError('invalid', excess.path ? `${place}.${excess.path}` : place, excess.reason);
}
