import { closedBecause } from '../../auth/admin-access.ts';
import { isConfigured } from '../../auth/auth.ts';
import type { ProviderRow } from '../../carrier/provider-row.ts';
import type { Config } from '../../config/schema.ts';
import type { Readiness } from '../../health/ready.ts';
import type { Routes } from '../../kit/http/exact-routes.ts';
import type { History } from '../../observe/history/history.ts';
import type { Family } from '../../observe/metrics/family.ts';
import type { Metrics } from '../../observe/metrics/metrics.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { fates } from '../../sandbox/fate.ts';
import { ConsoleFeed } from './console-feed.ts';
import { consoleRoutes } from './console-routes.ts';
import { groupsOfHistory } from './failure-groups.ts';

export interface ConsoleOptions {
  readonly config: Config;
  /** Martlet's own version. */
  readonly version: string;
  /** /readyz. */
  readonly ready: () => Readiness;
  /** False: it is not served, and keeps nothing. */
  readonly isServed: boolean;
  /** The sum over all worker processes; absent: this process is the only one. */
  readonly totals?: (() => Promise<{ readonly metrics: readonly Family[] }>) | undefined;
}

/** What the console shows of this process. */
export interface ConsoleSources {
  readonly apps: { readonly providers: ProviderTable } & Iterable<{ readonly name: string }>;
  readonly metrics: Pick<Metrics, 'snapshot'>;
  readonly history: Pick<History, 'list'> | undefined;
}

/** Rows of the history that are looked at, and how old they may be. */
const LAST_FAILURES = 500;
const FAILURES_MS = 60 * 60 * 1000;
const KEEP_MS = 10_000;
/** Apps that the page lets choose from; of more, the name is typed. */
const MOST_APPS = 200;

function providerOf({ number, platform, name, title, environments, requests }: ProviderRow): object {
  const [example] = Object.values(requests.examples);
  const { tokens } = example?.notification ?? {};
  return {
    ...{ number, platform, name, title, topic: requests.topic },
    hasEnvironments: environments.length > 1,
    target: Array.isArray(tokens) && typeof tokens[0] === 'string' ? tokens[0] : '',
  };
}

/** What the page has to know apart from figures. */
function helloOf({ config, version }: ConsoleOptions, providers: ProviderTable): object {
  return {
    version,
    sandbox: config.sandbox.enabled,
    history: config.history.enabled,
    hub: config.hub.enabled && { push: config.hub.push.mode },
    push_uri: config.api.push_uri,
    providers: providers.rows.toSorted((a, b) => a.number - b.number).map(providerOf),
    fates: config.sandbox.enabled ? Object.entries(fates).map(([name, { hex, told }]) => ({ name, hex, told })) : [],
  };
}

function credentialOf({ auth }: Config): 'key' | 'certificate' | 'none' {
  if (!isConfigured(auth)) return 'none';
  return Object.keys(auth.certificates).length > 0 ? 'certificate' : 'key';
}

/** The names of apps, by name; `default` first. */
const namesOf = (apps: ConsoleSources['apps']): string[] => [
  DEFAULT_APP,
  ...Iterator.from(apps)
    .map(({ name }) => name)
    .filter((name) => name !== DEFAULT_APP)
    .take(MOST_APPS)
    .toArray()
    .sort(),
];

/** The console of a relay. */
export function openConsole(
  { metrics, history, apps }: ConsoleSources,
  options: ConsoleOptions,
): { readonly routes: Routes; readonly feed: ConsoleFeed } {
  const { config, totals } = options;
  const closed = closedBecause(config, 'the console is');
  const feed = new ConsoleFeed({
    ready: options.ready,
    ...(options.isServed && closed === undefined ? { keepMs: KEEP_MS } : {}),
    families: async () => (totals ? (await totals()).metrics : metrics.snapshot()),
    failures:
      history &&
      (() =>
        groupsOfHistory(
          history.list({
            kinds: ['failed', 'retried', 'late_failed'],
            since: Date.now() - FAILURES_MS,
            limit: LAST_FAILURES,
          }).pushes,
        )),
    providers: apps.providers,
    hello: helloOf(options, apps.providers),
  });
  const routes = consoleRoutes({
    feed,
    closed,
    apps: config.hub.enabled ? () => namesOf(apps) : undefined,
    credential: credentialOf(config),
  });
  return { routes, feed };
}
