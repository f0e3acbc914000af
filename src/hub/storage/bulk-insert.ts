import { askText, prepared } from './prepared.ts';
import { areAlike } from './shared-columns.ts';
import type { HubDb, HubStore, HubTable, NewRow } from './storage.ts';

/** Below the 32,766 parameters of a statement of SQLite. */
const MOST_PARAMETERS = 30_000;

const texts = new Map<string, string>();
const MOST_TEXTS = 500;
/** Rows of which what they have in common is one parameter. */
const MANY = 128;

/**
 * Kysely spends more time on a thousand values than SQLite: the text is made once for each number of rows, of which there are few. What
 * all rows have in the first columns is one parameter each, as SQLite copies what it is given. Only those have numbers: node:sqlite
 * looks for the name of each parameter, and a number is one.
 */
function insertSql(table: string, columns: readonly string[], shared: number, rows: number): string {
  const names = columns.map((name) => `"${name}"`).join(', ');
  const key = `${table} ${shared > 0 ? `${names} ${shared} ` : ''}${rows}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const row = `(${columns.map((_, at) => (at < shared ? `?${at + 1}` : '?')).join(', ')})`;
  const values = Array.from({ length: rows }, () => row).join(', ');
  const text = `INSERT INTO "${table}" (${names}) VALUES ${values} ON CONFLICT DO NOTHING`;
  if (texts.size >= MOST_TEXTS) texts.clear();
  texts.set(key, text);
  return text;
}

const inserting = new Map<HubTable, ReturnType<typeof insertInto>>();

const insertInto = (table: HubTable) =>
  prepared((db, { rows }: { readonly rows: readonly NewRow<HubTable>[] }) =>
    db
      .insertInto(table)
      .values(rows)
      .onConflict((conflict) => conflict.doNothing()),
  );

/** Inserts rows of one shape; those whose key is there already are left as they are. */
export async function bulkInsert<Table extends HubTable>(
  tx: HubDb,
  engine: HubStore['engine'],
  table: Table,
  rows: readonly NewRow<Table>[],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  if (engine === 'postgres') {
    const insert = inserting.get(table) ?? insertInto(table);
    inserting.set(table, insert);
    await insert(tx, { rows });
    return;
  }
  const { true: shared = [], false: own = [] } = Object.groupBy(
    Object.keys(first) as (keyof NewRow<Table> & string)[],
    // Of a few rows other columns are alike each time: each such text would be prepared, and hardly used again.
    (column) => `${rows.length >= MANY && areAlike(rows, column)}`,
  );
  const columns = [...shared, ...own];
  const most = Math.floor(MOST_PARAMETERS / columns.length);
  for (let start = 0; start < rows.length; ) {
    // Each text is kept: one for each number of rows that ever comes would fill the memory.
    const part = rows.slice(start, start + 2 ** Math.floor(Math.log2(Math.min(most, rows.length - start))));
    start += part.length;
    const values = shared.map((column) => first[column] as Value);
    for (const row of part) for (const column of own) values.push(row[column] as Value);
    await askText(tx, insertSql(table, columns, shared.length, part.length), values);
  }
}

type Value = string | number | null;
