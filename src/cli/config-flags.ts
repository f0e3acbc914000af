/** Values for keys of config.yml, by their path. */
export type ConfigFlags = Record<string, string | boolean>;

export interface WithConfig {
  /** The file of `-c`. */
  readonly path: string | undefined;
  readonly flags: ConfigFlags;
  /** One line each: arguments that were not understood and not used. */
  readonly warnings: readonly string[];
}
