/** A flag of the command line. */
export interface Flag {
  /** Short ones first; one dash or two, both read the same. Its value is kept under the first. */
  readonly names: readonly string[];
  /** What the argument is; absent: a flag that is there or not. */
  readonly takes?: string;
  /** The key of config.yml that it sets. */
  readonly key?: string;
  readonly help: string;
}

/** What was given, by the first name of each flag. */
export type FlagValues = ReadonlyMap<string, string | boolean>;

/** What was given for a flag; undefined: nothing. */
export const textOf = (values: FlagValues, name: string): string | undefined =>
  String(values.get(name) ?? '') || undefined;
