import type { Snapshot, Totals } from './totals.ts';

/** From a worker to the primary. */
export type ToPrimary =
  | { readonly type: 'ready'; readonly url: string | undefined }
  /** What it has counted; unasked (`id` 0), or for the request `id`. */
  | { readonly type: 'snapshot'; readonly id: number; readonly snapshot: Snapshot }
  | { readonly type: 'totals?'; readonly id: number };

/** From the primary to a worker. */
export type ToWorker =
  | { readonly type: 'snapshot?'; readonly id: number }
  | { readonly type: 'totals'; readonly id: number; readonly totals: Totals }
  /** Drain and end. */
  | { readonly type: 'stop' }
  | { readonly type: 'reopen' };
