import type { Config } from './schema.ts';

interface Row {
  /** The key that asks for it. */
  readonly key: string;
  readonly asked: (config: Config) => boolean;
  /** What to say, and what to do instead. */
  readonly text: string;
}

/** Settings that are understood but do nothing yet: asking for one is a mistake, never silence. One row each. */
export const unavailable: readonly Row[] = [
  {
    key: 'core.processes',
    asked: ({ core, sandbox }) => core.processes !== 1 && sandbox.enabled,
    text: 'the sandbox lives inside one process; set it to 1, or sandbox.enabled to false',
  },
];
