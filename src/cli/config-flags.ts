/** Values for keys of config.yml, by their path. */
export type ConfigFlags = Record<string, string | boolean>;

export interface WithConfig {
  /** The file of `-c`. */
  readonly path: string | undefined;
  readonly flags: ConfigFlags;
}
