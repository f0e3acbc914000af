/** One thing wrong with the settings of a provider. `key` and `text` are what callers get; the rest is for the command line. */
export interface SettingsTrouble {
  /** The key of config.yml, with its section: `ios.key_path`. */
  readonly key: string;
  readonly text: string;
  /** What Gorush's log says in place of `text` at the start of a server. */
  readonly logged?: string;
  /** What Gorush says in addition for a push from the command line. */
  readonly sendLog?: string;
  /** What is said first. */
  readonly headline?: string;
  /** What to do. */
  readonly advice?: string;
}
