import { parseDuration } from '../kit/duration.ts';
import { isObject } from '../kit/is-object.ts';
import { toSeconds } from '../kit/seconds.ts';
import { goBoolean } from '../kit/text/go-boolean.ts';
import { isDocument, type Leaf, type RecordShape, recordShape } from './leaf.ts';

/** A number as it stood in the file: a key id of digits keeps its leading zeros. */
export class NumberText {
  readonly source: string;
  readonly value: number;
  constructor(source: string, value: number) {
    this.source = source;
    this.value = value;
  }
  toString(): string {
    return this.source;
  }
  toJSON(): string {
    return this.source;
  }
}

const FACTORS: Record<string, number> = { kb: 1e3, mb: 1e6, gb: 1e9, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, b: 1, '': 1 };

/** A whole number as Go's ParseInt reads it with base 0: `42`, `0x2a`, `0o52`, `052`, `0b101`, `1_000`. */
function goInteger(text: string): number | undefined {
  const match = /^([+-]?)(0[xob]?)?([0-9a-f_]+)$/i.exec(text);
  if (text === '' || text === '0') return 0;
  if (!match) return undefined;
  const [, sign, prefix = '', written = ''] = match;
  const digits = written.replaceAll('_', '');
  const number = Number(
    prefix === '' ? (/^\d+$/.test(digits) ? digits : Number.NaN) : `0${/[xob]/i.exec(prefix)?.[0] ?? 'o'}${digits}`,
  );
  return Number.isNaN(number) ? undefined : number * (sign === '-' ? -1 : 1);
}

function size(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = FACTORS[unit.toLowerCase().replace(/^([kmg])ib?$/, '$1')];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

/** `5s`, `1h30m`; a bare number is read like every number. */
function duration(given: unknown): number | undefined {
  const ms = typeof given === 'string' && /[a-z]$/.test(given) ? parseDuration(given) : undefined;
  return ms === undefined ? undefined : toSeconds(ms);
}

function boolean(given: unknown): unknown {
  if (given instanceof NumberText) return given.value !== 0;
  if (typeof given !== 'string') return given;
  return given === '' ? false : (goBoolean(given) ?? given);
}

function integer(given: unknown): unknown {
  if (given instanceof NumberText) return goInteger(given.source) ?? Math.trunc(given.value);
  if (typeof given === 'boolean') return given ? 1 : 0;
  return typeof given === 'string' ? (goInteger(given) ?? given) : given;
}

function number(given: unknown): unknown {
  const whole = integer(given);
  if (given instanceof NumberText && !Number.isInteger(given.value)) return given.value;
  return typeof whole === 'string' && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(whole) ? Number(whole) : whole;
}

/** A block of YAML and a file that was read into a variable end with a line break, which no setting means. */
function withoutLastBreak(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\n' || text[end - 1] === '\r') end--;
  return text.slice(0, end);
}

function text(given: unknown): unknown {
  if (given instanceof NumberText) return given.source;
  if (typeof given === 'string') return withoutLastBreak(given);
  return typeof given === 'boolean' ? (given ? '1' : '0') : given;
}

const item = (given: unknown): unknown =>
  given === null ? '' : typeof given === 'boolean' ? String(given) : text(given);

function list(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(item);
  const one = item(given);
  return typeof one === 'string' ? one.split(/\s+/).filter((part) => part !== '') : one;
}

/** A map of the file; a number that keeps its spelling is an object, and no map. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !(value instanceof NumberText);

/** Records with all of their keys; in a variable they are JSON. */
function recordList(given: unknown, { properties }: RecordShape): unknown {
  const list = typeof given === 'string' ? parsed(given) : given;
  if (!Array.isArray(list)) return given;
  const defaults = Object.fromEntries(Object.entries(properties).map(([key, leaf]) => [key, leaf.default]));
  return list.map((item) => {
    if (!isMap(item)) return item;
    const own = Object.entries(item).flatMap(([key, value]): [string, unknown][] => {
      const leaf = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return value === null ? [] : [[key, leaf ? coerce(leaf, value) : value]];
    });
    return { ...defaults, ...Object.fromEntries(own) };
  });
}

/** Numbers of a map are numbers, whatever their spelling was; in a variable a map is JSON. */
function documentOf(given: unknown): unknown {
  const map = typeof given === 'string' && given.trimStart().startsWith('{') ? parsed(given) : given;
  return map === undefined ? given : plain(map);
}

function plain(value: unknown): unknown {
  if (value instanceof NumberText) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * A value from the file, an environment variable or a flag in the type of its key, by the weak typing of Gorush's config library
 * (mapstructure): `"true"`, `1` and `t` are booleans, `8088` is a text, `3.7` is a whole number. What cannot be converted comes
 * back as it is, for the schema to complain.
 */
export function coerce(leaf: Leaf, given: unknown): unknown {
  const shape = recordShape(leaf);
  if (shape) return recordList(given, shape);
  if (isDocument(leaf)) return documentOf(given);
  if (leaf.unit === 'bytes' && typeof given === 'string') return size(given) ?? integer(given);
  switch (leaf.type) {
    case 'boolean':
      return boolean(given);
    case 'integer':
      return integer(given);
    case 'number':
      return (leaf.unit === 'seconds' ? duration(given) : undefined) ?? number(given);
    case 'array':
      return list(given);
    default: {
      const word = text(given);
      return leaf.foldCase && typeof word === 'string' ? word.toLowerCase() : word;
    }
  }
}
