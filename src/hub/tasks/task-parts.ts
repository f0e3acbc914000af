import type { NoticeIntake } from '../notifications/notices.ts';
import type { ActorName } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { Task, TaskEvent, TaskNotice } from './task.ts';
import type { TaskPolicy } from './task-policy.ts';

/** The zones of people, by person. */
export type ZonesOf = (tx: HubDb, app: string, users: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export interface TaskParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  readonly policyOf: (app: string) => TaskPolicy;
  readonly zonesOf: ZonesOf;
  /** Notices that were taken, after the commit. */
  readonly told?: ((app: string, type: TaskNotice, count: number) => void) | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** What a caller is answered. */
export interface TaskResult {
  readonly task: Task;
  readonly created: boolean;
  readonly changed: readonly TaskEvent[];
  /** People who hear of it, over all its notices. */
  readonly notified: number;
  /** Why nothing was changed, where that is not that it was so already. */
  readonly reason?: 'stale';
}

export interface TaskChange {
  readonly app: string;
  readonly id: string;
  /** Who calls, as the audit names it. */
  readonly caller: ActorName;
  /** Throws when a change of the resource in this version is not wanted; undefined: it is not there. */
  readonly expect?: ((rev: number | undefined) => void) | undefined;
}
