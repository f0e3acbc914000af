import { besideQueue } from '../config/beside-queue.ts';
import { DEFAULT_RECEIPTS_PATH } from '../config/receipts-section.ts';
import type { Config } from '../config/schema.ts';
import type { ProviderTable } from '../providers/registry.ts';
import type { RelayEvents } from '../push/push.ts';
import { Receipts } from '../relay/receipts/receipts.ts';

export interface OpenReceiptsOptions {
  readonly config: Pick<Config, 'receipts' | 'queue'>;
  readonly providers: ProviderTable;
  readonly events: Required<Pick<RelayEvents, 'late'>>;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

/** The receipts of all providers that have some. Opens no file, unless a former process has left one. */
export function openReceipts(
  { config, providers, events, tell }: OpenReceiptsOptions,
  closers: AsyncDisposableStack,
): Receipts {
  const late = providers.rows.filter(({ delivery }) => delivery.receipts);
  const receipts = new Receipts({
    path: besideQueue(config.queue, config.receipts.path, DEFAULT_RECEIPTS_PATH),
    forms: new Map(late.map(({ name, requests }) => [name, requests])),
    report: events.late,
    tell,
  });
  closers.defer(() => receipts.close());
  return receipts;
}
