import type { RowPage } from '../../storage/row-page.ts';
import type { HubDb, HubSeal, Row } from '../../storage/storage.ts';
import { readable, readablePage, SPOILT, spoiltOr } from '../../storage/unreadable.ts';
import type { IncidentDoc } from '../incident.ts';
import type { IncidentPolicy } from '../incident-policy.ts';
import { ofSeverity } from '../severity-map.ts';
import type { EscalationDoc } from './escalation-doc.ts';
import type { EscalationRun, NamedEscalation } from './escalation-run.ts';

/** An escalation as it is kept. */
export interface Escalation extends NamedEscalation {
  readonly app: string;
  readonly rev: number;
  /** UNIX milliseconds. */
  readonly created_at: number;
  readonly updated_at: number;
}

const boundTo = (app: string, name: string): string => `escalation:${JSON.stringify([app, name])}`;

function openEscalation(seal: HubSeal, { app, name, doc, ...row }: Row<'escalations'>): Escalation {
  return { app, name, ...row, doc: JSON.parse(seal.open(doc, boundTo(app, name))) as EscalationDoc };
}

export async function loadEscalation(
  db: HubDb,
  seal: HubSeal,
  app: string,
  name: string,
): Promise<Escalation | undefined> {
  const row = await db
    .selectFrom('escalations')
    .selectAll()
    .where('app', '=', app)
    .where('name', '=', name)
    .executeTakeFirst();
  return row && openEscalation(seal, row);
}

export async function saveEscalation(tx: HubDb, seal: HubSeal, { doc, ...escalation }: Escalation): Promise<void> {
  const { app, name } = escalation;
  const row = { ...escalation, doc: seal.seal(JSON.stringify(doc), boundTo(app, name)) };
  await tx
    .insertInto('escalations')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app', 'name']).doUpdateSet(row))
    .execute();
}

/** By name; those that can be read. @param after the name behind which the page begins */
export const listEscalations = (
  db: HubDb,
  seal: HubSeal,
  { app, after, limit }: { readonly app: string; readonly after: string; readonly limit: number },
): Promise<RowPage<Escalation>> =>
  readablePage(
    limit,
    (last: Row<'escalations'> | undefined, count) =>
      db
        .selectFrom('escalations')
        .selectAll()
        .where('app', '=', app)
        .where('name', '>', last?.name ?? after)
        .orderBy('name')
        .limit(count)
        .execute(),
    ({ doc }) => doc,
    (row) => openEscalation(seal, row),
  );

export async function deleteEscalation(tx: HubDb, app: string, name: string): Promise<void> {
  await tx.deleteFrom('escalations').where('app', '=', app).where('name', '=', name).execute();
}

/** Deletes those of an app that cannot be read. */
export async function deleteUnreadable(tx: HubDb, seal: HubSeal, app: string): Promise<void> {
  const rows = await tx.selectFrom('escalations').selectAll().where('app', '=', app).execute();
  for (const row of rows)
    if (readable(() => openEscalation(seal, row)) === undefined) await deleteEscalation(tx, app, row.name);
}

/** That of an incident: the one it names, else that of its severity; one that was deleted, or is damaged, goes on as it was. */
export async function escalationOf(
  tx: HubDb,
  seal: HubSeal,
  { escalations }: Pick<IncidentPolicy, 'escalations'>,
  { app, doc, run }: { readonly app: string; readonly doc: IncidentDoc; readonly run: EscalationRun | undefined },
): Promise<NamedEscalation | undefined> {
  const name = doc.escalation ?? ofSeverity(escalations, doc.severity);
  if (name === undefined) return undefined;
  const found = await spoiltOr(loadEscalation(tx, seal, app, name));
  if (found && found !== SPOILT) return { name, doc: found.doc };
  return run?.name === name ? { name, doc: run.doc } : undefined;
}
