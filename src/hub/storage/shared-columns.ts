/**
 * SQLite reads rows to insert from a list of values, in which only the columns stand in which they differ: what all rows have in a column
 * is one parameter. Of two decisions about each of many people that is half of what it takes to write them.
 */
type SharedRow = Readonly<Record<string, string | number | null>>;

/** Of fewer rows other columns are alike each time: each such text would be prepared, and hardly used again. */
const MANY = 16;

/** A plain loop: thousands of values are compared for each insertion, and a closure for each takes twice as long. */
export function areAlike<Row extends object>(rows: readonly Row[], column: keyof Row): boolean {
  const value = rows[0]?.[column];
  for (const row of rows) if (row[column] !== value) return false;
  return true;
}

/** Columns in which rows differ, at least one; undefined: they are too few for that to matter. */
export function ownColumns(rows: readonly SharedRow[], columns: readonly string[]): readonly string[] | undefined {
  const [first] = rows;
  if (!first || rows.length < MANY) return undefined;
  const own = columns.filter((column) => !areAlike(rows, column));
  return own.length > 0 ? own : columns.slice(0, 1);
}

/** The columns of what is inserted, and where those rows come from: first what they share are the parameters, then row by row the others. */
export function selectRows(columns: readonly string[], own: readonly string[], rows: number): string {
  const from = columns.map((column) => (own.includes(column) ? `column${own.indexOf(column) + 1}` : '?'));
  const row = `(${own.map(() => '?').join(', ')})`;
  // Without a condition SQLite would take ON CONFLICT for one of a join.
  return `select ${from.join(', ')} from (values ${Array.from({ length: rows }, () => row).join(', ')}) where true`;
}
