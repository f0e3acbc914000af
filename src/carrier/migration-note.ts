/** A line of `martlet check` about what Gorush did otherwise. */
export interface MigrationNote<Values> {
  /** Key within the section. */
  readonly key: string;
  /**
   * What it means for these settings; undefined: nothing.
   * @param isSet whether the file, a variable or a flag sets a key of the section
   */
  text(section: Values, isSet: (key: string) => boolean): string | undefined;
}

interface Retrying {
  readonly enabled: boolean;
  readonly max_retry: number;
}

/** How often a push is repeated, where Gorush repeats otherwise. @param despite what 0 still repeats, from a comma on */
export const retryNote = (despite = ''): MigrationNote<Retrying> => ({
  key: 'max_retry',
  text({ enabled, max_retry }) {
    if (!enabled) return undefined;
    return max_retry === 0
      ? `0: a 429 or a 5xx is final, as in Gorush${despite}; 3 is a good value. What the provider never saw is sent again all the same`
      : `${max_retry}: with backoff, for 429, 5xx, timeouts and lost connections too; dead tokens and wrong requests are sent once`;
  },
});
