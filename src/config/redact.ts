import { type Leaf, type NamedSections, type RecordShape, recordShape, type Section } from './leaf.ts';
import type { Config, ConfigSchema } from './schema.ts';
import { REDACTED, withoutUserInfo } from './without-user-info.ts';

type Values = Readonly<Record<string, unknown>>;

const shownRecord = ({ properties }: RecordShape, record: Values): Values =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, shownLeaf(properties[key] as Leaf, value)]));

function shownLeaf(leaf: Leaf, value: unknown): unknown {
  const shape = recordShape(leaf);
  if (shape) return (value as readonly Values[]).map((record) => shownRecord(shape, record));
  if (leaf.public && Array.isArray(value)) return value.map((item) => withoutUserInfo(String(item)));
  if (leaf.public) return typeof value === 'string' ? withoutUserInfo(value) : value;
  if (Array.isArray(value)) return value.map((item) => (item === '' ? '' : REDACTED));
  return value === '' ? '' : REDACTED;
}

function shownSection(part: Section, values: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(part.properties).flatMap(([name, child]): [string, unknown][] => {
    const value = values[name];
    if (value === undefined) return [];
    if (child.type !== 'object') return [[name, shownLeaf(child, value)]];
    const section = value as Record<string, unknown>;
    if (child.additionalProperties === false) return [[name, shownSection(child, section)]];
    const named = shownEntries(child, section);
    return child.inline ? named : [[name, Object.fromEntries(named)]];
  });
  return Object.fromEntries(entries);
}

const shownEntries = ({ additionalProperties: entry }: NamedSections, values: Record<string, unknown>) =>
  Object.entries(values).map(([name, value]): [string, unknown] => [
    name,
    shownSection(entry, value as Record<string, unknown>),
  ]);

/**
 * The configuration as GET /api/config shows it: Gorush's keys in Gorush's order, ours after them. A key that is not marked
 * `public` in the schema reads `[REDACTED]`, or stays empty; user, password and query of a URL are taken out everywhere.
 */
export const configView = (config: Config, { root }: Pick<ConfigSchema, 'root'>): Record<string, unknown> =>
  shownSection(root, config);
