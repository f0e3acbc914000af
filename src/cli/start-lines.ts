import { closedBecause } from '../auth/admin-access.ts';
import { besideQueue } from '../config/beside-queue.ts';
import { DEFAULT_HISTORY_PATH } from '../config/history-section.ts';
import type { LoadedConfig } from '../host/config/load.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';

function platformsOf(config: FullConfig, providers: ProviderTable): string {
  const sections = sectionsOf(config, providers);
  const on = providers.rows.filter(({ platform }) => sections[platform]?.enabled);
  const names = on.map(({ title }) => title.provider).join(', ');
  const apps = Object.keys(config.apps.named).length;
  return `${names || 'no platform of its own'}${apps > 0 ? `, and for ${apps} more apps` : ''}`;
}

function queueOf({ queue }: FullConfig): string {
  if (queue.engine !== 'local') return queue.engine;
  return queue.local.path === '' ? 'in memory, and lost with the process' : queue.local.path;
}

function historyOf({ history, queue }: FullConfig): string {
  if (!history.enabled) return 'off';
  const path = besideQueue(queue, history.path, DEFAULT_HISTORY_PATH);
  return `${path || 'in memory'}, for ${Math.round(history.retention / 3600)} h`;
}

/** What a start says of its configuration, before it opens anything. */
export function startLines({ config, file }: LoadedConfig, providers: ProviderTable = builtIn): readonly string[] {
  return [
    `configuration: ${file ?? 'defaults and environment, no file'}`,
    `sends to: ${platformsOf(config, providers)}`,
    `queue: ${queueOf(config)}; history: ${historyOf(config)}`,
  ];
}

/** Where the server is. */
interface Served {
  readonly url: string | undefined;
  readonly adminUrl: string | undefined;
}

/** Where people look, once it serves. */
export function placeLines(config: FullConfig, { url, adminUrl }: Served): readonly string[] {
  const at = adminUrl ?? url;
  if (at === undefined) return [];
  const closed = closedBecause(config, 'the console is');
  if (closed !== undefined) return [closed];
  return [`the console is at ${at}/console, the API at ${url ?? at}/docs, the guides at ${url ?? at}/docs/guides`];
}
