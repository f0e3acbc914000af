/**
 * Queries whose text is made once. Kysely takes some fifty microseconds to build and compile a statement that SQLite answers in five,
 * so what is asked for every send and every device is written with Kysely as ever, for both engines, and compiled the first time only:
 * it is built with a mark in the place of each value, and the marks say where the values go.
 */
import { type Compilable, CompiledQuery, type RawBuilder, type SqlBool, sql } from 'kysely';
import { slices } from './slices.ts';
import type { HubDb } from './storage.ts';

type Value = string | number | null;
/** A row to insert. All rows of a call have the same columns. */
type ValueRow = Readonly<Record<string, Value>>;

/** Stands for a value while a query is built. A query that looked at it would be compiled for one value alone. */
class Mark {
  readonly name: string;
  /** In a list, its index; of a row also its column. */
  readonly at: number | undefined;
  readonly column: string | undefined;

  constructor(name: string, at?: number, column?: string) {
    this.name = name;
    this.at = at;
    this.column = column;
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

const direct = new WeakMap<HubDb, RunText>();

/** What a piece of work is to wait for; undefined: nothing. */
type Turn = () => Promise<void> | undefined;

const turns = new WeakMap<HubDb, Turn>();
/** Of engines elsewhere: their statements let the event loop turn, and what is computed between them does not. */
const usualTurn = slices();

/** Prepared queries on `db` are answered by `run`, and not by way of Kysely. */
export function runsTexts(db: HubDb, run: RunText, turn: Turn): void {
  direct.set(db, run);
  turns.set(db, turn);
}

/** For works that compute much between two statements: what the next piece is to wait for, so that the event loop turns. */
export const turnOf = (db: HubDb): Promise<void> | undefined => (turns.get(db) ?? usualTurn)();

/** Answers a text of the engine of `db`, by the shortest way that there is. */
export async function askText<Row>(db: HubDb, text: string, values: Value[]): Promise<Row[]> {
  const run = direct.get(db);
  if (run) return (await run(text, values)) as Row[];
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

/** Rows a statement, at most; fewer are parted into powers of two. */
const MOST_ROWS = 128;
const rowsAtOnce = (left: number): number => (left >= MOST_ROWS ? MOST_ROWS : 2 ** Math.floor(Math.log2(left)));

const isRow = (value: unknown): value is ValueRow => typeof value === 'object' && value !== null;

type Args = Readonly<Record<string, Value | readonly Value[] | readonly ValueRow[]>>;

/** What the text of a query depends on: the lengths of its lists. */
function shapeOf(args: Args): string {
  let shape = '';
  for (const name in args) {
    const value = args[name];
    if (!Array.isArray(value)) continue;
    const first: unknown = value[0];
    shape += isRow(first) ? `${value.length}×${Object.keys(first).length} ` : `${filled(value.length)} `;
  }
  return shape;
}

function marksOf(args: Args): Args {
  const marked = Object.entries(args).map(([name, value]) => {
    if (!Array.isArray(value)) return [name, new Mark(name)];
    const first: unknown = value[0];
    if (!isRow(first)) return [name, Array.from({ length: filled(value.length) }, (_, at) => new Mark(name, at))];
    const columns = Object.keys(first);
    return [
      name,
      value.map((_, at) => Object.fromEntries(columns.map((column) => [column, new Mark(name, at, column)]))),
    ];
  });
  return Object.fromEntries(marked) as Args;
}

function valueAt(args: Args, mark: Mark | Value): Value {
  if (!(mark instanceof Mark)) return mark;
  const value = args[mark.name] as Value | readonly Value[] | readonly ValueRow[];
  if (mark.at === undefined) return value as Value;
  const list = value as readonly (Value | ValueRow)[];
  const one = list[Math.min(mark.at, list.length - 1)] as Value | ValueRow;
  return mark.column === undefined ? (one as Value) : ((one as ValueRow)[mark.column] as Value);
}

/** The list of rows to insert, of which there is at most one. */
const rowsIn = (args: Args): string | undefined =>
  Object.keys(args).find((name) => Array.isArray(args[name]) && isRow((args[name] as readonly unknown[])[0]));

/** Columns of a row that are, together, those of one of `rows`: a question about several keys of more than one column. */
export const among = <Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, Value>>[],
): RawBuilder<SqlBool> => {
  const keys = rows.map((row) => sql`(${sql.join(columns.map((column) => sql.val(row[column])))})`);
  return sql<SqlBool>`(${sql.join(columns.map((column) => sql.ref(column)))}) in (values ${sql.join(keys)})`;
};

/**
 * @param build makes the query; it passes the values on and does not look at them
 * @returns the query as a function: what it returns are the rows, none for a statement that returns none. A list of values must not be
 * empty where the query is meant for something; with an empty one nothing is asked. A list of rows may be of any length.
 */
export function prepared<Given extends object, Row>(
  build: (db: HubDb, args: Given) => Compilable<Row>,
): (db: HubDb, args: Given) => Promise<Row[]> {
  const texts = { sqlite: new Map<string, Text>(), postgres: new Map<string, Text>() };

  function textOf(db: HubDb, known: Map<string, Text>, args: Args): Text {
    const shape = shapeOf(args);
    const text = known.get(shape);
    if (text) return text;
    const { sql, parameters } = build(db, marksOf(args) as Given).compile();
    const made = { sql, marks: parameters as Text['marks'] };
    known.set(shape, made);
    return made;
  }

  async function ask(db: HubDb, args: Args): Promise<Row[]> {
    const run = direct.get(db);
    const { sql, marks } = textOf(db, run ? texts.sqlite : texts.postgres, args);
    const values = marks.map((mark) => valueAt(args, mark));
    return askText(db, sql, values);
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
      const count = rowsAtOnce(rows.length - at);
      found.push(...(await ask(db, count === rows.length ? args : { ...args, [name]: rows.slice(at, at + count) })));
      at += count;
    }
    return found;
  };
}
