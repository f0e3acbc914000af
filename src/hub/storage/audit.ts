import crypto from 'node:crypto';
import { prepared } from './prepared.ts';
import type { HubDb, HubSeal, NewRow } from './storage.ts';

/** Who asked for a change, as the audit names it: `key:billing`, `user:ada`; `hub` for what the hub does by itself. */
export type ActorName = string;

export interface AuditedChange {
  readonly app: string;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly by: ActorName;
  /** `device.moved` */
  readonly action: string;
  /** `device:<id>`, `user:<id>`, or what else was changed. */
  readonly target: string;
  /** Neither addresses, nor tokens; ids of people, devices and topics as `auditName` has them. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

const PERSONAL = /^(?:user|device|topic):/;

/**
 * How the audit names someone or something: people, devices and topics by a keyed hash (`user#…` of `user:ada`), so that what
 * was done with an id can be looked up, and an erasure has nothing to take away; all else as it is.
 */
export const auditName = ({ hash }: Pick<HubSeal, 'hash'>, app: string, name: string): string =>
  PERSONAL.test(name) ? `${name.slice(0, name.indexOf(':'))}#${hash('audit', app, name)}` : name;

const insert = prepared((db, { rows }: { readonly rows: readonly NewRow<'audit'>[] }) =>
  db.insertInto('audit').values(rows),
);

/** Notes changes, in the transaction that makes them. */
export async function auditChanges(
  tx: HubDb,
  seal: Pick<HubSeal, 'hash'>,
  changes: readonly AuditedChange[],
): Promise<void> {
  const rows = changes.map(({ app, at, by, action, target, detail }) => ({
    // Rises with the time: what is noted together lies together.
    ...{ id: crypto.randomUUIDv7(), app, at, action },
    by: auditName(seal, app, by),
    target: auditName(seal, app, target),
    detail: detail ? JSON.stringify(detail) : null,
  }));
  await insert(tx, { rows });
}
