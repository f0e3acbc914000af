import { readFileSync } from 'node:fs';
import { type ErrorCode, LineCounter, parseAllDocuments, type ScalarTag, type Tags } from 'yaml';
import { NumberText } from './coerce.ts';
import { configError, fileTrouble, type Mistake } from './mistake.ts';
import { configKeys } from './schema.ts';

export interface FileContent {
  /** By key path; not yet converted. Keys without a value are absent, as in Gorush. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly unknown: readonly string[];
  readonly mistakes: readonly Mistake[];
}

const sections = new Set(configKeys.flatMap(({ path }) => parentsOf(path)));
const leaves = new Set(configKeys.map((key) => key.path));

function parentsOf(path: string): string[] {
  const parts = path.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
}

function keepDigits(tag: Tags[number]): Tags[number] {
  if (typeof tag !== 'object' || !/:(int|float)$/.test(tag.tag)) return tag;
  const number = tag as ScalarTag;
  const resolve: ScalarTag['resolve'] = (source, onError, options) =>
    new NumberText(source, Number(number.resolve(source, onError, options)));
  return { ...number, resolve };
}

/** The library's own messages quote the text, which may be a secret; its codes do not. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  MISSING_CHAR: 'a quote, a bracket or a colon is missing',
  TAB_AS_INDENT: 'a tab as indentation',
  DUPLICATE_KEY: 'a key that is there twice',
  BAD_INDENT: 'wrong indentation',
};
const reasonOf = (code: ErrorCode): string => REASONS[code] ?? code.toLowerCase().replaceAll('_', ' ');

/** The YAML (or JSON) text as plain values. Throws an error whose message says where, but shows nothing of the text. */
function parse(text: string): unknown {
  const lines = new LineCounter();
  const options = {
    merge: true,
    prettyErrors: false,
    lineCounter: lines,
    customTags: (tags: Tags) => tags.map(keepDigits),
  };
  const [document] = parseAllDocuments(text, options);
  if (!document || !('errors' in document)) return null;
  const error = document.errors[0];
  if (error) throw new Error(`line ${lines.linePos(error.pos[0]).line}: ${reasonOf(error.code)}`);
  const root: unknown = document.toJS({ maxAliasCount: 1000 });
  if (root !== null && !isMap(root)) throw new Error('must be a map of sections (core, ios, android, …)');
  return root;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);

/** Sorts the entries of a map into known values, unknown keys and sections that are none. Keys are read in any case, as by Gorush. */
function gather(
  map: Record<string, unknown>,
  prefix: string,
  into: { values: Map<string, unknown>; unknown: string[]; mistakes: Mistake[] },
): void {
  // A dotted key (`core.port: 1`) goes before the nested one, so it comes last.
  const entries = Object.entries(map).sort(([a], [b]) => Number(a.includes('.')) - Number(b.includes('.')));
  for (const [name, value] of entries) {
    const path = prefix + name.toLowerCase();
    if (leaves.has(path)) {
      if (value !== null) into.values.set(path, value);
    } else if (!sections.has(path)) {
      if (prefix !== '' || !name.startsWith('x-')) into.unknown.push(path);
    } else if (isMap(value)) gather(value, `${path}.`, into);
    else if (value !== null) into.mistakes.push({ key: path, text: 'must be a section with keys of its own' });
  }
}

/**
 * Reads a configuration file; `given`: it was named on the command line.
 * Throws ConfigError, in Gorush's words and with our reason, when it cannot be read or is no YAML.
 */
export function readConfigFile(path: string, given: boolean): FileContent {
  const begin = 'Configuration error: load yaml config file error: failed to';
  const key = given ? '-c' : path;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const verb = fileTrouble(error) === 'is a directory' ? 'read' : 'open';
    throw configError([{ key, text: `${begin} read config file ${path}: ${verb} ${path}: ${fileTrouble(error)}` }]);
  }
  try {
    const content = { values: new Map<string, unknown>(), unknown: [], mistakes: [] };
    gather((parse(text) ?? {}) as Record<string, unknown>, '', content);
    return content;
  } catch (error) {
    const what = given ? `parse config file ${path}` : 'read config';
    throw configError([{ key, text: `${begin} ${what}: While parsing config: yaml: ${(error as Error).message}` }]);
  }
}
