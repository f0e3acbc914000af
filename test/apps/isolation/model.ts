import type { AppSettings } from '../../../src/providers/registry.ts';
import type { Tenant } from '../tenant-providers.ts';

export const PLATFORMS = ['ios', 'android', 'huawei'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** Where a section of an app comes from: itself, the default sections, or nowhere. */
export type Origin = 'own' | 'inherited' | 'off';

/** What an app sets. */
export interface AppShape {
  readonly ios: Origin;
  readonly android: Origin;
  readonly huawei: Origin;
  readonly hasTopic: boolean;
  readonly hasHook: boolean;
}

/** The apps of a moment, by name; the default app is not among them. */
export type Apps = ReadonlyMap<string, AppShape>;

/** The app of the sections outside `apps`: the tenant whose name this is. */
export const MAIN = 'default';

/** A notification as the caller writes it, before it is JSON. */
export interface Wish {
  readonly platform: Platform;
  /** By what it chooses its app, if at all. */
  readonly by: 'app' | 'topic' | 'project' | 'nothing';
  /** The tenant that it means. */
  readonly tenant: string;
  /** `slow`: the provider is busy the first times; `held`: until the process was restarted, or the story is over. */
  readonly targets: readonly ('good' | 'dead' | 'slow' | 'held')[];
}

/** What must become of a notification: it goes out for an app, or its request is refused. */
export type Verdict = { readonly app: string } | { readonly status: 400 | 403 | 503 };

export const topicOf = (tenant: string): string => `com.example.${tenant}`;
export const projectOf = (tenant: string): string => `project-${tenant}`;

/** What is told about the app of docs/apps.md, in the words of the test: it must not share the code that it checks. */
export function choose(apps: Apps, { by, tenant, platform }: Wish, bound: string | undefined): Verdict {
  const fallback = bound ?? MAIN;
  if (bound !== undefined && by === 'app' && tenant !== bound) return { status: 403 };
  const app = chosen(apps, by, tenant, platform, fallback);
  if (app === undefined) return { status: 400 };
  const shape = apps.get(app);
  const project = shape?.android === 'own' ? app : undefined;
  if (by === 'project' && platform === 'android' && project && project !== tenant) return { status: 400 };
  if (bound !== undefined && app !== bound) return { status: 403 };
  if (shape?.[platform] === 'off') return { status: 503 };
  return { app };
}

function chosen(apps: Apps, by: Wish['by'], tenant: string, platform: Platform, fallback: string): string | undefined {
  if (by === 'app') return tenant === MAIN || apps.has(tenant) ? tenant : undefined;
  if (fallback !== MAIN) return apps.has(fallback) ? fallback : undefined;
  if (by === 'topic' && platform === 'ios') return apps.get(tenant)?.hasTopic ? tenant : fallback;
  if (by === 'project' && platform === 'android') return apps.get(tenant)?.android === 'own' ? tenant : fallback;
  return fallback;
}

/** Whose credential a push of an app carries; undefined: it must not be sent. */
export function credentialOf(apps: Apps, app: string, platform: Platform): string | undefined {
  if (app === MAIN) return MAIN;
  const origin = apps.get(app)?.[platform];
  if (origin === undefined || origin === 'off') return undefined;
  return origin === 'own' ? app : MAIN;
}

/** The settings of an app of this shape. @param hook where its failed pushes are told */
export function settingsOf({ settings }: Tenant, shape: AppShape, hook: string): AppSettings {
  const { default_topic, ...sections } = settings;
  const parts = PLATFORMS.flatMap((platform) => {
    const origin = shape[platform];
    if (origin === 'inherited') return [];
    return [[platform, origin === 'own' ? sections[platform] : { enabled: false }]];
  });
  return {
    ...(Object.fromEntries(parts) as AppSettings),
    ...(shape.hasTopic ? { default_topic } : {}),
    ...(shape.hasHook ? { webhook: { url: hook } } : {}),
  } as AppSettings;
}
