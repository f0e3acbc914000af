/**
 * Verdicts that come after a push has its outcome: a receipt that is fetched an hour later (Expo), a status callback (SMS), a
 * bounce (mail). The push stays `accepted`; the verdict is an event of its own, reported once for each (provider, receipt id).
 *
 * A receipt is: expected (its push was accepted with `Accepted.receipt`) → reported, or → forgotten, at `until` at the latest.
 * What is expected is on disk, so that a restart goes on asking. The store is opened with the first receipt: a relay whose
 * providers have none opens no file. A row whose pushes have receipts says so (`delivery.receipts`).
 */
import type { Failed } from '../push/push.ts';

/** What a receipt says. `delivered` is final and good; `failed` is final and bad; `sent` is a step on the way. */
export type ReceiptVerdict = { readonly kind: 'delivered' } | { readonly kind: 'sent' } | Failed;

/** A receipt to ask about. */
export interface PendingReceipt {
  /** The provider's id of the push: `Accepted.providerId`. */
  readonly id: string;
  /** The app it went out for. */
  readonly app: string;
  /** UNIX milliseconds at which the provider accepted the push, and after which asking is given up. */
  readonly since: number;
  readonly until: number;
}

/** The receipts of one provider. Nothing here throws or waits. */
export interface LateOutcomes {
  /**
   * Receipts of an app whose time to be asked about has come, the longest overdue first; at most `limit`. Each is due again
   * `pauseMs(asked)` from now, where `asked` counts this time: 1, 2, … Two processes never get the same at the same time.
   */
  due(app: string, limit: number, pauseMs: (asked: number) => number): readonly PendingReceipt[];
  /** Apps with receipts, those from before a restart included. */
  apps(): readonly string[];
  /**
   * The verdict about a push of an app. What another app says of it is not heard. A final one is reported to the listeners once, and the receipt is forgotten. One that comes
   * before the push itself was settled (a callback that overtakes the answer) is kept for a minute and applied then.
   */
  report(app: string, id: string, verdict: ReceiptVerdict): void;
  /** Forgets receipts without a verdict. */
  forget(ids: readonly string[]): void;
}

/** Receipts that no provider asks for: nothing is kept. */
export const NO_LATE_OUTCOMES: LateOutcomes = {
  due: () => [],
  apps: () => [],
  report: () => {},
  forget: () => {},
};
