import { besideQueue } from '../../config/beside-queue.ts';
import { DEFAULT_HISTORY_PATH } from '../../config/history-section.ts';
import type { Config } from '../../config/schema.ts';
import { toMs } from '../../kit/seconds.ts';
import { adviceFor } from '../../providers/advice.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { History } from './history.ts';

/** Where the history is: where it is said, else beside the queue. */
export const historyPath = ({ history, queue }: Pick<Config, 'history' | 'queue'>): string =>
  besideQueue(queue, history.path, DEFAULT_HISTORY_PATH);

/** The history of the configuration; undefined when it is off. Never fails: what cannot be a file is in memory. */
export function openHistory(
  config: Pick<Config, 'history' | 'queue' | 'log'>,
  providers: ProviderTable,
  tell: (level: 'info' | 'warn', message: string) => void,
  masterKey?: Uint8Array,
  apps?: () => number,
): History | undefined {
  const { enabled, retention, max_bytes, sample, rate } = config.history;
  if (!enabled) return undefined;
  const path = historyPath(config);
  return new History({
    path,
    masterKey,
    apps,
    retentionMs: toMs(retention),
    maxBytes: max_bytes,
    sample,
    maxFollowed: rate,
    hideMessages: config.log.hide_messages,
    advise: (trouble) => adviceFor(trouble, providers),
    tell,
  });
}
