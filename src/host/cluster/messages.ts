import type { SignedToken } from '../../carrier/provider-row.ts';
import type { PresenceAnswer, PresenceCall } from '../../streams/presence/presence-call.ts';
import type { Snapshot, Totals } from './totals.ts';

/** From a worker to the primary. */
export type ToPrimary =
  | { readonly type: 'ready'; readonly url: string | undefined }
  /** What it has counted; unasked (`id` 0), or for the request `id`. */
  | { readonly type: 'snapshot'; readonly id: number; readonly snapshot: Snapshot }
  | { readonly type: 'totals?'; readonly id: number }
  /** Its ports are closed: it ends as soon as it has what the primary sent before it knew that. */
  | { readonly type: 'leaving' }
  /** For all other workers: whose streams have something new. */
  | { readonly type: 'wake'; readonly text: string }
  /** Who is connected to this worker, and questions about who is to any. */
  | { readonly type: 'presence'; readonly calls: readonly PresenceCall[] }
  /** A provider token that this worker has signed with the key `name`. */
  | {
      readonly type: 'token?';
      readonly id: number;
      readonly name: string;
      readonly offer: SignedToken;
      readonly refused: string | undefined;
    };

/** From the primary to a worker. */
export type ToWorker =
  | { readonly type: 'snapshot?'; readonly id: number }
  | { readonly type: 'totals'; readonly id: number; readonly totals: Totals }
  /** The provider token to use. */
  | { readonly type: 'token'; readonly id: number; readonly token: SignedToken }
  /** The primary knows that this worker is leaving: what it sent before has arrived. */
  | { readonly type: 'left' }
  /** What another worker said. */
  | { readonly type: 'wake'; readonly text: string }
  | { readonly type: 'presence'; readonly answers: readonly PresenceAnswer[] }
  /** Drain and end. */
  | { readonly type: 'stop' }
  | { readonly type: 'reopen' };
