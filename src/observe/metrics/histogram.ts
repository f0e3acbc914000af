import type { Exemplar, HistogramSample, Labels } from './family.ts';

/** Upper bounds of the latency histograms, seconds: from an answer on the same machine to the longest wait. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/**
 * Counts in an array: many pushes that took equally long are one addition, and text is only made for a scrape.
 */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One for each bound, and one for what is above the last; not cumulative. */
  readonly #counts: Float64Array;
  readonly #exemplars: (Exemplar | undefined)[] = [];
  #sum = 0;

  constructor(bounds: readonly number[] = LATENCY_BOUNDS) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** @param times how often this value was seen @returns its bucket, for `remember` */
  observe(value: number, times: number): number {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (this.#counts[bucket] as number) += times;
    this.#sum += value * times;
    return bucket;
  }

  /** Shows a trace as an example of what falls into a bucket, in the place of the one before. */
  remember(bucket: number, exemplar: Exemplar): void {
    this.#exemplars[bucket] = exemplar;
  }

  get bounds(): readonly number[] {
    return this.#bounds;
  }

  sample(labels: Labels): HistogramSample {
    let count = 0;
    const counts = Array.from(this.#counts, (more) => (count += more));
    const exemplars = Object.fromEntries(this.#exemplars.entries().filter(([, exemplar]) => exemplar)) as Record<
      number,
      Exemplar
    >;
    return { labels, counts, sum: this.#sum, ...(this.#exemplars.length > 0 ? { exemplars } : {}) };
  }
}
