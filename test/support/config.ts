import type { Section } from '../../src/config/leaf.ts';
import { builtIn, type FullConfig } from '../../src/providers/registry.ts';

export type { FullConfig };

/** The schema with the providers of this version. */
export const { configSchema } = builtIn;
export const { keys: configKeys, build: buildConfig } = configSchema;

/** The keys of a section, those of the sections in it with a dot. */
export const keysOfSection = (part: Section, prefix = ''): string[] =>
  Object.entries(part.properties).flatMap(([name, child]) =>
    child.type === 'object' && child.additionalProperties === false
      ? [prefix + name, ...keysOfSection(child, `${prefix}${name}.`)]
      : [prefix + name],
  );
