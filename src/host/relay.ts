import type { AppRegistry } from '../apps/app-registry.ts';
import type { AppLanes } from '../apps/lanes/app-lanes.ts';
import type { StoredApps } from '../apps/store/open-stored-apps.ts';
import type { Auth } from '../auth/auth.ts';
import type { ProviderRow, SectionValues } from '../carrier/provider-row.ts';
import type { FeedbackHook } from '../feedback/hook.ts';
import type { History } from '../observe/history/history.ts';
import type { Metrics } from '../observe/metrics/metrics.ts';
import type { StatStore } from '../observe/stats/stats.ts';
import type { TaskCounts } from '../observe/stats/task-counts.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { Transports } from '../providers/transports.ts';
import type { QueueWithReports } from '../queue/create-queue.ts';
import type { Withdrawal } from '../queue/withdrawal.ts';
import type { Accept } from '../relay/accept.ts';
import type { Snapshot } from './cluster/totals.ts';

/** Everything that delivers pushes, whichever door they come by: HTTP, gRPC or the command line. */
export interface Relay {
  readonly accept: Accept;
  readonly queue: QueueWithReports;
  /** The apps that there are, and their lanes. */
  readonly apps: AppRegistry;
  readonly storedApps: StoredApps;
  readonly lanes: AppLanes;
  readonly transports: Transports;
  readonly outbound: Outbound;
  /** Who may call; undefined: anyone. */
  readonly auth: Auth | undefined;
  readonly hook: FeedbackHook;
  readonly stats: StatStore;
  readonly tasks: { read(): TaskCounts };
  readonly metrics: Metrics;
  /** What became of pushes; undefined with `history.enabled: false`. */
  readonly history: History | undefined;
  readonly tracing: Tracing | undefined;
  /** What an app sends to a provider with; undefined when it does not. */
  sectionOf(app: string, row: ProviderRow): SectionValues | undefined;
  /**
   * Keeps nothing of these targets: not in the queue's file, the receipts or the history; and of reports to hooks none that holds one of
   * these texts. @param texts as they stand in a report's JSON
   */
  forget(withdrawal: Withdrawal, texts: readonly string[]): void;
  /** Keeps no event for the sinks that holds one of these texts; one that comes from now on is another. */
  forgetEvents(texts: readonly string[]): void;
  /** Batches that are being sent. */
  busyWorkers(): number;
  /** What this process has counted, for the sum over several. */
  snapshot(): Promise<Snapshot>;
  /** Sync requests that still wait are answered with what there is; what loses its connection from now on stays in the queue. */
  stopWaiting(): void;
  /**
   * Waits until the queue is empty and the hooks have every report, at most `ms`. Deferred retries are not waited for. What is
   * under way when the relay is closed may be sent again by the next process.
   */
  drain(ms: number): Promise<void>;
}
