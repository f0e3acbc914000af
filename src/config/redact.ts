import type { Leaf, Section } from './leaf.ts';
import { type Config, configSchema } from './schema.ts';
import { REDACTED, withoutUserInfo } from './without-user-info.ts';

function shownLeaf(leaf: Leaf, value: unknown): unknown {
  if (leaf.public) return typeof value === 'string' ? withoutUserInfo(value) : value;
  if (Array.isArray(value)) return value.map((item) => (item === '' ? '' : REDACTED));
  return value === '' ? '' : REDACTED;
}

const shownSection = (part: Section, values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(part.properties).map(([name, child]) => [
      name,
      child.type === 'object'
        ? shownSection(child, values[name] as Record<string, unknown>)
        : shownLeaf(child, values[name]),
    ]),
  );

/**
 * The configuration as GET /api/config shows it: Gorush's keys in Gorush's order, ours after them. A key that is not marked
 * `public` in the schema reads `[REDACTED]`, or stays empty; user, password and query of a URL are taken out everywhere.
 */
export const configView = (config: Config): Record<string, unknown> => shownSection(configSchema, config);
