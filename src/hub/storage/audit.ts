import { randomUUID } from 'node:crypto';
import type { HubDb } from './storage.ts';

/** Who asked for a change, as the audit names it: `key:billing`, `user:ada`; `hub` for what the hub does by itself. */
export type ActorName = string;

export interface AuditedChange {
  readonly app: string;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly by: ActorName;
  /** `device.moved` */
  readonly action: string;
  /** `device:<id>`, `user:<id>`. Erasing a person deletes the rows about and by that person. */
  readonly target: string;
  /** Neither addresses, nor tokens, nor ids of people. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** Notes changes, in the transaction that makes them. */
export async function auditChanges(tx: HubDb, changes: readonly AuditedChange[]): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map(({ detail, ...change }) => ({
    id: randomUUID(),
    ...change,
    detail: detail ? JSON.stringify(detail) : null,
  }));
  await tx.insertInto('audit').values(rows).execute();
}
