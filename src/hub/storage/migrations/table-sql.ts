import type { HubStore } from '../storage.ts';

export type HubEngine = HubStore['engine'];

/** `?`: may be NULL. */
type Column = 'text' | 'text?' | 'integer' | 'integer?';

export interface TableShape {
  readonly name: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly primary: readonly string[];
  /** Rows are short: SQLite keeps them in the tree of the primary key. */
  readonly short?: true;
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** Integers have 64 bits in both. PostgreSQL sorts texts by their bytes, as SQLite does, whatever the database's locale is. */
function columnSql(engine: HubEngine, name: string, column: Column): string {
  const text = engine === 'postgres' ? 'TEXT COLLATE "C"' : 'TEXT';
  return `"${name}" ${column.startsWith('text') ? text : 'BIGINT'}${column.endsWith('?') ? '' : ' NOT NULL'}`;
}

/** The statements that make a table with its indexes. */
export function tableSql(engine: HubEngine, { name, columns, primary, short, ...more }: TableShape): string[] {
  const parts = Object.entries(columns).map(([column, kind]) => columnSql(engine, column, kind));
  const keys = [`PRIMARY KEY (${quoted(primary)})`, ...(more.unique ?? []).map((each) => `UNIQUE (${quoted(each)})`)];
  const ending = short && engine === 'sqlite' ? ' WITHOUT ROWID' : '';
  const indexes = (more.indexes ?? []).map(
    (each) => `CREATE INDEX "${name}_${each.join('_')}" ON "${name}" (${quoted(each)})`,
  );
  return [`CREATE TABLE "${name}" (${[...parts, ...keys].join(', ')})${ending}`, ...indexes];
}
