/** What may be asked of p99 with a fault, compared with the same without it. */
export interface P99Limits {
  /** How many times as long it may take. */
  readonly most: number;
  /** Milliseconds below which a ratio says nothing, of a clock of milliseconds. */
  readonly floorMs: number;
  /** Rounds at most. */
  readonly rounds: number;
}

export interface Compared {
  readonly kept: boolean;
  readonly ratio: number;
  /** For the table: milliseconds of each round. */
  readonly told: string;
}

/**
 * Without the fault and with it, in turn. A machine that is shared spoils a round, so only what shows in each of them counts.
 * @param round milliseconds of p99 without and with the fault
 */
export async function inRounds(
  round: () => Promise<readonly [before: number, during: number]>,
  { most, floorMs, rounds }: P99Limits,
): Promise<Compared> {
  const seen: string[] = [];
  for (;;) {
    const [before, during] = await round();
    const ratio = during / Math.max(1, before);
    seen.push(`${before}→${during}`);
    const kept = during <= floorMs || ratio <= most;
    if (kept || seen.length === rounds) return { kept, ratio, told: `${seen.join(' ')} ×${ratio.toFixed(2)}` };
  }
}
