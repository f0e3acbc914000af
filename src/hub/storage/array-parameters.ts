/**
 * PostgreSQL takes a list as one parameter, an array. A statement about hundreds of rows then has as few parameters, and as short a text,
 * as one about two: both sides spend more time on a parameter than on an element.
 */

export type ParameterValue = string | number | null;
type ValueRow = Readonly<Record<string, ParameterValue>>;
export type ArrayType = 'text' | 'bigint';

const TO_ESCAPE = /["\\]/;
const ALL_TO_ESCAPE = /["\\]/g;

function element(value: ParameterValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return `${value}`;
  return TO_ESCAPE.test(value) ? `"${value.replace(ALL_TO_ESCAPE, '\\$&')}"` : `"${value}"`;
}

/** An array as PostgreSQL reads it: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-INPUT */
export function arrayOf<T>(list: readonly T[], of: (each: T) => ParameterValue): string {
  let text = '{';
  for (const [at, each] of list.entries()) text += at === 0 ? element(of(each)) : `,${element(of(each))}`;
  return `${text}}`;
}

/** The type of a column of which rows have different values; undefined: all of them have the same, which is one parameter. */
function typeOf(rows: readonly ValueRow[], column: string): ArrayType | undefined {
  const first = rows[0]?.[column];
  const other = rows.find((row) => row[column] !== first)?.[column];
  if (other === undefined) return undefined;
  return typeof (first ?? other) === 'number' ? 'bigint' : 'text';
}

/** The types of the columns of rows, of which at least one is an array: the others are as long. */
export function arrayTypes(rows: readonly ValueRow[], columns: readonly string[]): (ArrayType | undefined)[] {
  const types = columns.map((column) => typeOf(rows, column));
  if (types.some((type) => type !== undefined)) return types;
  const [column = ''] = columns;
  return types.with(0, typeof rows[0]?.[column] === 'number' ? 'bigint' : 'text');
}

/** Which parameters of a statement are arrays, by their places; `list`: one that a column is compared with. */
export type ArraysAt = readonly (ArrayType | 'list' | undefined)[];

const IN = /( not)? in \(\$(\d+)\)/g;
const INSERT = /^(insert into "\w+" \([^)]*\)) values \(([^)]*)\)/;

/**
 * Of a statement that was made for one element of each list, the one for arrays: `in ($1)` becomes `= any($1)`, and the one row that is
 * inserted all that arrays make.
 */
export function withArrays(text: string, arrays: ArraysAt): string {
  if (!arrays.some((array) => array !== undefined)) return text;
  const isArray = (place: string): boolean => arrays[Number(place) - 1] !== undefined;
  const made = text
    .replace(IN, (all, not: string | undefined, place: string) => {
      if (!isArray(place)) return all;
      return not ? ` <> all($${place})` : ` = any($${place})`;
    })
    .replace(INSERT, (all, into: string, list: string) => {
      const places = list.split(', ').map((parameter) => parameter.slice(1));
      const own = places.filter(isArray);
      if (own.length === 0) return all;
      const columns = places.map((place) => (isArray(place) ? `c${place}` : `$${place}`));
      const from = own.map((place) => `$${place}::${arrays[Number(place) - 1]}[]`);
      return `${into} select ${columns.join(', ')} from unnest(${from.join(', ')}) as u(${own.map((place) => `c${place}`).join(', ')})`;
    });
  for (const [index, array] of arrays.entries())
    if (array !== undefined && !new RegExp(`(?:any|all)\\(\\$${index + 1}\\)|\\$${index + 1}::`).test(made))
      throw new Error(`a list is used in a way that arrays are not: ${text}`);
  return made;
}
