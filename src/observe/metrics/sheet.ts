import { type Family, type HistogramSample, type Labels, type Merge, mergeSamples, type Sample } from './family.ts';
import type { Histogram } from './histogram.ts';
import type { MetricRow } from './metric-row.ts';
import type { MetricName } from './metric-table.ts';

interface Filled {
  readonly row: MetricRow;
  readonly merge: Merge;
  readonly samples: Sample[];
  /** Where the sample of these values is. */
  readonly places: Map<string, number>;
  readonly histograms: HistogramSample[];
  bounds: readonly number[];
}

/** The table of metrics as one scrape fills it in. */
export class Sheet {
  readonly #rows = new Map<string, Filled>();

  /** @param merges what differs from the table */
  constructor(table: readonly MetricRow[], merges: (name: string) => Merge | undefined = () => undefined) {
    for (const row of table) {
      const merge = merges(row.name) ?? row.merge ?? 'sum';
      this.#rows.set(row.name, { row, merge, samples: [], places: new Map(), histograms: [], bounds: [] });
    }
  }

  /** @param values of the labels of the table's row, in its order, the last may be left out; what has the same ones is merged */
  set(name: MetricName, value: number, values: readonly string[] = []): void {
    const { row, merge, samples, places } = this.#row(name);
    const labels = Object.fromEntries(values.map((value, i) => [row.labels[i] as string, value]));
    const key = values.join('\0');
    const place = places.get(key);
    if (place !== undefined) samples[place] = mergeSamples(merge, samples[place] as Sample, { labels, value });
    else places.set(key, samples.push({ labels, value }) - 1);
  }

  /** @param samples whose labels no others of this name have */
  add(name: MetricName, samples: readonly Sample[]): void {
    this.#row(name).samples.push(...samples);
  }

  /** @param labels that no other histogram of this name has */
  observe(name: MetricName, histogram: Histogram, labels: Labels): void {
    const row = this.#row(name);
    row.bounds = histogram.bounds;
    row.histograms.push(histogram.sample(labels));
  }

  families(): Family[] {
    return [...this.#rows.values()].map(({ row: { name, type, help, unit }, merge, samples, histograms, bounds }) => {
      const head = { name, help, ...(unit === undefined ? {} : { unit }), merge };
      return type === 'histogram' ? { ...head, type, bounds, samples: histograms } : { ...head, type, samples };
    });
  }

  #row(name: MetricName): Filled {
    const row = this.#rows.get(name);
    if (!row) throw new Error(`no such metric: ${name}`);
    return row;
  }
}
