/** The decisions of a notification to very many, in pages: each is looked at in some milliseconds. */
import { type Compilable, type SelectQueryBuilder, sql } from 'kysely';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';

/** Decisions that are looked at in one go. */
export const DECISIONS_PAGE = 5000;

interface Behind {
  readonly app: string;
  readonly notification: string;
  /** The person behind whom it begins. */
  readonly after: string;
}

interface DecisionsPage extends Behind {
  /** The person with whom it ends; undefined: it is the last one. */
  readonly end: string | undefined;
}

type Decisions = SelectQueryBuilder<HubTables, 'decisions', object>;

const behind = (db: HubDb, { app, notification, after }: Behind): Decisions =>
  db.selectFrom('decisions').where('app', '=', app).where('notification', '=', notification).where('user', '>', after);

const ends = prepared((db, of: Behind) =>
  behind(db, of).select('user').orderBy('user').limit(sql.lit(1)).offset(sql.lit(DECISIONS_PAGE)),
);

export async function* decisionPages(
  db: HubDb,
  of: Pick<Behind, 'app' | 'notification'>,
): AsyncGenerator<DecisionsPage> {
  for (let after = ''; ; ) {
    const [last] = await ends(db, { ...of, after });
    yield { ...of, after, end: last?.user };
    if (!last) return;
    after = last.user;
  }
}

/** @param ask what is asked of the decisions of a page */
export function askedOfPage<Row>(
  ask: (decisions: Decisions) => Compilable<Row>,
): (db: HubDb, page: DecisionsPage) => Promise<Row[]> {
  const ofLast = prepared((db, of: Behind) => ask(behind(db, of)));
  const ofOther = prepared((db, { end, ...of }: Behind & { readonly end: string }) =>
    ask(behind(db, of).where('user', '<=', end)),
  );
  return (db, { end, ...of }) => (end === undefined ? ofLast(db, of) : ofOther(db, { ...of, end }));
}
