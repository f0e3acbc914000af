import { readFileSync } from 'node:fs';
import {
  type Document,
  type ErrorCode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type ScalarTag,
  type Tags,
  visit,
} from 'yaml';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import { isMap, NumberText } from '../coerce.ts';
import type { Leaf, NamedSections, Section } from '../leaf.ts';
import { configError, type Mistake, placeText, withGorush } from '../mistake.ts';
import type { ConfigSchema } from '../schema.ts';
import { type KeyPlace, keyPlaces, nearestPlace } from './key-places.ts';

export interface FileContent {
  /** By key path; not yet converted. Keys without a value are absent, as in Gorush. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Names of the entries of each map, by the path of the map. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  readonly unknown: readonly string[];
  readonly mistakes: readonly Mistake[];
  /** Where a key, or the section around it, stands in the file. */
  placeOf(key: string): KeyPlace | undefined;
}

type Node = Leaf | Section | NamedSections;

/** Where a key leads: a node of the schema, its path, and the entries of maps that lie on the way. */
interface Place {
  readonly node: Node;
  readonly path: string;
  readonly entries: readonly { map: string; name: string }[];
}

/** Takes over the keys of other maps; there may be several. */
const MERGE = '<<';
const ENTRY_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;
const BAD_NAME = 'a name may have up to 64 letters, digits, - and _, and must not begin with - or _';

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

/** Where the first key is that its map has twice; undefined: there is none. */
function repeatedKey(document: Document.Parsed): number | undefined {
  let place: number | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === MERGE) continue;
        const name = key.source ?? key.value;
        if (seen.has(name)) place = key.range?.[0] ?? 0;
        if (place !== undefined) return visit.BREAK;
        seen.add(name);
      }
      return undefined;
    },
  });
  return place;
}

/** What is wrong with the text, and where; shows nothing of it. */
class TextError extends Error {
  readonly place: KeyPlace;

  constructor(reason: string, { line, col }: { readonly line: number; readonly col: number }) {
    super(reason);
    this.place = { line, column: col };
  }
}

interface ParsedText {
  readonly values: Readonly<Record<string, unknown>>;
  readonly places: () => ReadonlyMap<string, KeyPlace>;
}

const nothing: ParsedText = { values: {}, places: () => new Map() };

/** The YAML (or JSON) text as plain values. @throws TextError */
function parse(text: string): ParsedText {
  const lines = new LineCounter();
  const options = {
    merge: true,
    prettyErrors: false,
    lineCounter: lines,
    customTags: (tags: Tags) => tags.map(keepDigits),
    // Compares each key with each other; `repeatedKey` does not, which thousands of apps notice.
    uniqueKeys: false,
  };
  const [document] = parseAllDocuments(text, options);
  if (!document || !('errors' in document)) return nothing;
  const error = document.errors[0];
  if (error) throw new TextError(reasonOf(error.code), lines.linePos(error.pos[0]));
  const repeated = repeatedKey(document);
  if (repeated !== undefined) throw new TextError(reasonOf('DUPLICATE_KEY'), lines.linePos(repeated));
  const root: unknown = document.toJS({ maxAliasCount: 1000 });
  if (root !== null && !isMap(root))
    throw new TextError('must be a map of sections (core, ios, android, …)', { line: 1, col: 1 });
  return { values: root ?? {}, places: () => keyPlaces(document, lines) };
}

/** Keys are read in any case, as by Gorush; names in a map are left as they are. */
function step({ node, path, entries }: Place, part: string): Place | undefined {
  if (node.type !== 'object') return undefined;
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const entryOf = (map: NamedSections): Place => ({
    node: map.additionalProperties,
    path: join(part),
    entries: [...entries, { map: path, name: part }],
  });
  if (node.additionalProperties !== false) return entryOf(node);
  const key = part.toLowerCase();
  const child = Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
  if (child && !('inline' in child)) return { node: child, path: join(key), entries };
  const inline = Object.values(node.properties).find((other) => 'inline' in other);
  return inline && entryOf(inline as NamedSections);
}

interface Gathered {
  values: Map<string, unknown>;
  names: Map<string, Set<string>>;
  unknown: string[];
  mistakes: Mistake[];
}

/** Puts the value of one key where it belongs: known values, unknown keys, values in the place of sections. */
function put(name: string, value: unknown, at: Place, into: Gathered): void {
  const [first = '', ...rest] = name.split('.');
  const start = step(at, first);
  const place = rest.reduce<Place | undefined>((here, part) => here && step(here, part), start);
  const path = at.path === '' ? name : `${at.path}.${name}`;
  const entries = (place ?? start)?.entries.slice(at.entries.length) ?? [];
  const misnamed = entries.some((entry) => !ENTRY_NAME.test(entry.name));
  if (misnamed || (!place && entries.length > 0)) into.mistakes.push({ key: path, text: BAD_NAME });
  else if (!place) {
    if (at.path !== '' || !name.startsWith('x-')) into.unknown.push(path);
  } else if (place.node.type === 'object' && value !== null && !isMap(value))
    into.mistakes.push({ key: place.path, text: 'must be a section with keys of its own' });
  else {
    for (const { map, name: entry } of entries) into.names.set(map, (into.names.get(map) ?? new Set()).add(entry));
    if (place.node.type !== 'object' && value !== null) into.values.set(place.path, value);
    else if (isMap(value)) gather(value, place, into);
  }
}

function gather(map: Readonly<Record<string, unknown>>, at: Place, into: Gathered): void {
  // A dotted key (`core.port: 1`) overrides the nested one, so it comes last.
  const entries = Object.entries(map).sort(([a], [b]) => Number(a.includes('.')) - Number(b.includes('.')));
  for (const [name, value] of entries) put(name, value, at, into);
}

/** Sections and keys as a file has them, which a program gives. @param places default: they stand nowhere */
export function readConfigValues(
  values: Readonly<Record<string, unknown>>,
  { root }: Pick<ConfigSchema, 'root'>,
  places: ParsedText['places'] = nothing.places,
): FileContent {
  const gathered: Gathered = { values: new Map(), names: new Map(), unknown: [], mistakes: [] };
  gather(values, { node: root, path: '', entries: [] }, gathered);
  let known: ReadonlyMap<string, KeyPlace> | undefined;
  return {
    ...gathered,
    placeOf(key) {
      known ??= places();
      return nearestPlace(known, key);
    },
  };
}

/** Gorush's words for a file that it cannot use. */
const GORUSH = 'Configuration error: load yaml config file error: failed to';

/**
 * Reads a configuration file; `given`: it was named on the command line.
 * Throws ConfigError, with our reason and in Gorush's words, when it cannot be read or is no YAML.
 */
export function readConfigFile(path: string, given: boolean, { root }: Pick<ConfigSchema, 'root'>): FileContent {
  const key = given ? '-c' : path;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const trouble = fileTrouble(error);
    const verb = trouble === 'is a directory' ? 'read' : 'open';
    const theirs = `${GORUSH} read config file ${path}: ${verb} ${path}: ${trouble}`;
    const ours = `${given ? `${path}: ` : ''}cannot be read: ${trouble}; name another with -c, or have martlet init write one`;
    throw configError([{ key, text: withGorush(ours, theirs) }]);
  }
  try {
    const { values, places } = parse(text);
    return readConfigValues(values, { root }, places);
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    const { message, place } = error;
    const what = given ? `parse config file ${path}` : 'read config';
    const theirs = `${GORUSH} ${what}: While parsing config: yaml: line ${place.line}: ${message}`;
    throw configError([
      { key, text: `${withGorush(`is no YAML that can be read: ${message}`, theirs)}${placeText(path, place)}` },
    ]);
  }
}
