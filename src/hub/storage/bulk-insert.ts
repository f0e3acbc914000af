import { askText, prepared } from './prepared.ts';
import type { HubDb, HubStore, HubTable, NewRow } from './storage.ts';

/** Below the 32,766 parameters of a statement of SQLite. */
const MOST_PARAMETERS = 30_000;

const texts = new Map<string, string>();

/** Kysely spends more time on a thousand values than SQLite: the text is made once for each number of rows, of which there are few. */
function insertSql(table: string, columns: readonly string[], rows: number): string {
  const key = `${table} ${rows}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const row = `(${columns.map(() => '?').join(', ')})`;
  const values = Array.from({ length: rows }, () => row).join(', ');
  const names = columns.map((name) => `"${name}"`).join(', ');
  const text = `INSERT INTO "${table}" (${names}) VALUES ${values} ON CONFLICT DO NOTHING`;
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
  const columns = Object.keys(first) as (keyof NewRow<Table> & string)[];
  const most = Math.floor(MOST_PARAMETERS / columns.length);
  for (let start = 0; start < rows.length; ) {
    // Each text is kept: one for each number of rows that ever comes would fill the memory.
    const part = rows.slice(start, start + 2 ** Math.floor(Math.log2(Math.min(most, rows.length - start))));
    start += part.length;
    const values: (string | number | null)[] = [];
    for (const row of part) for (const column of columns) values.push(row[column] as string | number | null);
    await askText(tx, insertSql(table, columns, part.length), values);
  }
}
