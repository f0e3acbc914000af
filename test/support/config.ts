import { builtIn, type FullConfig } from '../../src/providers/registry.ts';

export type { FullConfig };

/** The schema with the providers of this version. */
export const { configSchema } = builtIn;
export const { keys: configKeys, build: buildConfig } = configSchema;
