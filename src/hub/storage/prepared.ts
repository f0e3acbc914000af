/**
 * Queries whose text is made once. Kysely takes some fifty microseconds to build and compile a statement that SQLite answers in five,
 * so what is asked for every send and every device is written with Kysely as ever, for both engines, and compiled the first time only:
 * it is built with a mark in the place of each value, and the marks say where the values go. For PostgreSQL a list has one mark, as it is
 * one parameter.
 */
import { type Compilable, CompiledQuery, type RawBuilder, type SqlBool, sql } from 'kysely';
import { slices } from '../../kit/time/slices.ts';
import { type ArrayType, arrayOf, arrayTypes, type ParameterValue as Value, withArrays } from './array-parameters.ts';
import { ownColumns, selectRows } from './shared-columns.ts';
import type { HubDb } from './storage.ts';

/** A row to insert. All rows of a call have the same columns. */
type ValueRow = Readonly<Record<string, Value>>;

/** Stands for a value while a query is built. A query that looked at it would be compiled for one value alone. */
class Mark {
  readonly name: string;
  /** In a list, its index; of a row also its column. */
  readonly at: number | undefined;
  readonly column: string | undefined;
  /** It stands for all of a list. */
  readonly array: ArrayType | 'list' | undefined;

  constructor(name: string, { at, column, array }: Partial<Pick<Mark, 'at' | 'column' | 'array'>> = {}) {
    this.name = name;
    this.at = at;
    this.column = column;
    this.array = array;
  }

  [Symbol.toPrimitive](): never {
    throw new Error(`the query depends on the value of ${this.name}: its text would be kept for all values`);
  }

  toJSON(): never {
    return this[Symbol.toPrimitive]();
  }
}

interface Text {
  readonly sql: string;
  readonly marks: readonly (Mark | Value)[];
}

/** Answers a text at once, or once nothing is in the way; for engines that keep statements by their text. */
export type RunText = (sql: string, values: Value[]) => unknown[] | Promise<unknown[]>;

/** Does what a text says, and tells how many rows it has changed. */
export type ChangeText = (sql: string, values: Value[]) => number | Promise<number>;

const direct = new WeakMap<HubDb, { readonly run: RunText; readonly change: ChangeText }>();

/** What a piece of work is to wait for; undefined: nothing. */
type Turn = () => Promise<void> | undefined;

const turns = new WeakMap<HubDb, Turn>();
/** Of engines elsewhere: their statements let the event loop turn, and what is computed between them does not. */
const usualTurn = slices();

/** Prepared queries on `db` are answered by `run` and `change`, and not by way of Kysely. */
export function runsTexts(db: HubDb, texts: { readonly run: RunText; readonly change: ChangeText }, turn: Turn): void {
  direct.set(db, texts);
  turns.set(db, turn);
}

/** For works that compute much between two statements: what the next piece is to wait for, so that the event loop turns. */
export const turnOf = (db: HubDb): Promise<void> | undefined => (turns.get(db) ?? usualTurn)();

/** PostgreSQL is asked by way of Kysely. */
const isInArrays = (db: HubDb): boolean => !direct.has(db);

/** Whether `changing` is for this engine: SQLite, where returning a row takes longer than changing it, and a statement each no way. */
export const countsChanges = (db: HubDb): boolean => direct.has(db);

/** Whether others write meanwhile, and rows can be locked: PostgreSQL. */
export const hasRowLocks = (db: HubDb): boolean => !direct.has(db);

/** Answers a text of the engine of `db`, by the shortest way that there is. */
export async function askText<Row>(db: HubDb, text: string, values: Value[]): Promise<Row[]> {
  const texts = direct.get(db);
  if (texts) return (await texts.run(text, values)) as Row[];
  return (await db.executeQuery<Row>(CompiledQuery.raw(text, values) as CompiledQuery<Row>)).rows;
}

/** Lists of different lengths would be as many texts: they are filled up with their last value. */
function filled(length: number): number {
  if (length <= 4) return length;
  // The next power of two would be more than the 32,766 parameters of SQLite.
  return length > LONG ? Math.ceil(length / STEP) * STEP : 2 ** Math.ceil(Math.log2(length));
}
const LONG = 16_384;
const STEP = 4096;

/** Texts of a query. Which columns of rows are alike is up to callers: where it is always other ones, they are made again. */
const MOST_TEXTS = 500;

/** Rows a statement, at most; for SQLite, which has a text for each number of them, fewer are parted into powers of two. */
const MOST_ROWS = 128;
const MOST_ROWS_IN_ARRAYS = 1000;

function rowsAtOnce(left: number, inArrays: boolean): number {
  if (inArrays) return Math.min(left, MOST_ROWS_IN_ARRAYS);
  return left >= MOST_ROWS ? MOST_ROWS : 2 ** Math.floor(Math.log2(left));
}

const isRow = (value: unknown): value is ValueRow => typeof value === 'object' && value !== null;

type Args = Readonly<Record<string, Value | readonly Value[] | readonly ValueRow[]>>;

/** What the text of a query depends on: the lengths of its lists, or what is an array of them. */
function shapeOf(args: Args, inArrays: boolean): string {
  let shape = '';
  for (const name in args) {
    const value = args[name];
    if (!Array.isArray(value)) continue;
    const first: unknown = value[0];
    const isArray = inArrays && value.length > 1;
    if (isRow(first)) {
      const columns = Object.keys(first);
      shape += isArray
        ? `${arrayTypes(value, columns)} `
        : `${value.length}×${columns.length}${ownColumns(value, columns) ?? ''} `;
    } else shape += isArray ? 'list ' : `${filled(value.length)} `;
  }
  return shape;
}

function marksOf(args: Args, inArrays: boolean): Args {
  const marked = Object.entries(args).map(([name, value]) => {
    if (!Array.isArray(value)) return [name, new Mark(name)];
    const first: unknown = value[0];
    if (inArrays && value.length > 1) return [name, [arrayMark(name, value)]];
    if (!isRow(first)) return [name, Array.from({ length: filled(value.length) }, (_, at) => new Mark(name, { at }))];
    const columns = Object.keys(first);
    return [
      name,
      value.map((_, at) => Object.fromEntries(columns.map((column) => [column, new Mark(name, { at, column })]))),
    ];
  });
  return Object.fromEntries(marked) as Args;
}

/** What stands for all of a list: of rows one, whose columns are arrays where rows differ in them. */
function arrayMark(name: string, list: readonly unknown[]): Mark | Readonly<Record<string, Mark>> {
  const [first] = list;
  if (!isRow(first)) return new Mark(name, { array: 'list' });
  const columns = Object.keys(first);
  const types = arrayTypes(list as readonly ValueRow[], columns);
  return Object.fromEntries(
    columns.map((column, index) => [column, new Mark(name, { at: 0, column, array: types[index] })]),
  );
}

/** A large statement has some thousand marks: nothing is made for each of them. */
function valueAt(args: Args, mark: Mark | Value): Value {
  if (!(mark instanceof Mark)) return mark;
  const { name, at, column, array } = mark;
  const value = args[name] as Value | readonly (Value | ValueRow)[];
  if (array !== undefined) return arrayOf(value as readonly (Value | ValueRow)[], (one) => valueIn(one, column));
  if (at === undefined) return value as Value;
  const list = value as readonly (Value | ValueRow)[];
  return valueIn(list[at < list.length ? at : list.length - 1] as Value | ValueRow, column);
}

const valueIn = (one: Value | ValueRow, column: string | undefined): Value =>
  column === undefined ? (one as Value) : ((one as ValueRow)[column] as Value);

/** The list of rows to insert, of which there is at most one. */
const rowsIn = (args: Args): string | undefined =>
  Object.keys(args).find((name) => Array.isArray(args[name]) && isRow((args[name] as readonly unknown[])[0]));

/** Columns of a row that are, together, those of one of `rows`: a question about several keys of more than one column. */
export const among = <Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, Value>>[],
): RawBuilder<SqlBool> => {
  const [first] = rows;
  if (first && columns.some((column) => arrayIn(first, column) !== undefined)) return amongArrays(columns, first);
  const keys = rows.map((row) => sql`(${sql.join(columns.map((column) => sql.val(row[column])))})`);
  return sql<SqlBool>`(${sql.join(columns.map((column) => sql.ref(column)))}) in (values ${sql.join(keys)})`;
};

function arrayIn<Column extends string>(row: Readonly<Record<Column, Value>>, column: Column): Mark['array'] {
  const value: unknown = row[column];
  return value instanceof Mark ? value.array : undefined;
}

/** What all rows have is compared by itself: an index begins with it. */
function amongArrays<Column extends string>(
  columns: readonly Column[],
  row: Readonly<Record<Column, Value>>,
): RawBuilder<SqlBool> {
  const same = columns.filter((column) => arrayIn(row, column) === undefined);
  const other = columns.filter((column) => arrayIn(row, column) !== undefined);
  const equal = same.map((column) => sql`${sql.ref(column)} = ${sql.val(row[column])}`);
  const arrays = other.map((column) => sql`${sql.val(row[column])}::${sql.raw(`${arrayIn(row, column)}[]`)}`);
  const columnsOf = sql.join(other.map((column) => sql.ref(column)));
  const some =
    other.length === 1
      ? sql`${columnsOf} = any(${sql.join(arrays)})`
      : sql`(${columnsOf}) in (select * from unnest(${sql.join(arrays)}))`;
  return sql<SqlBool>`(${sql.join([...equal, some], sql` and `)})`;
}

const VALUES = /^(insert into "\w+" \([^)]*\)) values \([^)]*\)(?:, \([^)]*\))*/;

/** What is inserted, with one parameter for what all rows have in a column. */
function sharing(text: Text, args: Args): Text {
  const name = rowsIn(args);
  const [all, into] = VALUES.exec(text.sql) ?? [];
  if (name === undefined || all === undefined) return text;
  const rows = args[name] as readonly ValueRow[];
  const columns = Object.keys(rows[0] as ValueRow);
  const own = ownColumns(rows, columns);
  if (!own) return text;
  const count = rows.length * columns.length;
  const isOwn = (_: unknown, at: number): boolean => own.includes(columns[at % columns.length] as string);
  const inRows = text.marks.slice(0, count);
  const shared = inRows.slice(0, columns.length).filter((mark, at) => !isOwn(mark, at));
  return {
    sql: `${into} ${selectRows(columns, own, rows.length)}${text.sql.slice(all.length)}`,
    marks: [...shared, ...inRows.filter(isOwn), ...text.marks.slice(count)],
  };
}

/** The texts of a query, each made when it is first asked for. */
function textsOf<Given extends object>(
  build: (db: HubDb, args: Given) => Compilable<unknown>,
): (db: HubDb, args: Args) => Text {
  const texts = { sqlite: new Map<string, Text>(), postgres: new Map<string, Text>() };
  return (db, args) => {
    const inArrays = isInArrays(db);
    const known = inArrays ? texts.postgres : texts.sqlite;
    const shape = shapeOf(args, inArrays);
    const text = known.get(shape);
    if (text) return text;
    const { sql: compiled, parameters } = build(db, marksOf(args, inArrays) as Given).compile();
    const marks = parameters as Text['marks'];
    const arrays = marks.map((mark) => (mark instanceof Mark ? mark.array : undefined));
    const made = inArrays ? { sql: withArrays(compiled, arrays), marks } : sharing({ sql: compiled, marks }, args);
    if (known.size >= MOST_TEXTS) known.clear();
    known.set(shape, made);
    return made;
  };
}

/**
 * @param build makes the query; it passes the values on and does not look at them
 * @returns the query as a function: what it returns are the rows, none for a statement that returns none. A list of values must not be
 * empty where the query is meant for something; with an empty one nothing is asked. A list of rows may be of any length.
 */
export function prepared<Given extends object, Row>(
  build: (db: HubDb, args: Given) => Compilable<Row>,
): (db: HubDb, args: Given) => Promise<Row[]> {
  const textOf = textsOf(build);

  async function ask(db: HubDb, args: Args): Promise<Row[]> {
    const { sql: text, marks } = textOf(db, args);
    const values = marks.map((mark) => valueAt(args, mark));
    return askText(db, text, values);
  }

  return async (db, given) => {
    const args = given as Args;
    for (const name in args)
      if ((args[name] as { length?: number } | null)?.length === 0 && Array.isArray(args[name])) return [];
    const name = rowsIn(args);
    if (name === undefined) return ask(db, args);
    const rows = args[name] as readonly ValueRow[];
    const found: Row[] = [];
    for (let at = 0; at < rows.length; ) {
      const count = rowsAtOnce(rows.length - at, isInArrays(db));
      found.push(...(await ask(db, count === rows.length ? args : { ...args, [name]: rows.slice(at, at + count) })));
      at += count;
    }
    return found;
  };
}

/**
 * A change of rows that returns none, where `countsChanges`.
 * @returns how many rows it has changed
 */
export function changing<Given extends object>(
  build: (db: HubDb, args: Given) => Compilable<unknown>,
): (db: HubDb, args: Given) => Promise<number> {
  const textOf = textsOf(build);
  return async (db, given) => {
    const args = given as Args;
    const { sql: text, marks } = textOf(db, args);
    const values = marks.map((mark) => valueAt(args, mark));
    return (direct.get(db) as { change: ChangeText }).change(text, values);
  };
}
