import { type Family, labelText, type Merge, mergeSamples, type Sample } from './family.ts';
import { type MetricName, metricTable } from './metric-table.ts';

interface SeriesRow {
  readonly name: string;
  readonly type: Family['type'];
  readonly help: string;
  readonly unit?: string;
  readonly labels: readonly string[];
  readonly merge?: Merge;
}

interface Filled {
  readonly row: SeriesRow;
  readonly merge: Merge;
  readonly samples: Sample[];
  /** Where the sample of these labels is. */
  readonly places: Map<string, number>;
}

/** The table of metrics as one scrape fills it in. */
export class Sheet {
  readonly #rows = new Map<string, Filled>();

  /** @param merges what differs from the table */
  constructor(merges: (name: string) => Merge | undefined = () => undefined) {
    for (const row of metricTable as readonly SeriesRow[]) {
      const merge = merges(row.name) ?? row.merge ?? 'sum';
      this.#rows.set(row.name, { row, merge, samples: [], places: new Map() });
    }
  }

  /** @param values of the labels of the table's row, in its order; what has the same ones is merged */
  set(name: MetricName, value: number, values: readonly string[] = []): void {
    const { row, merge, samples, places } = this.#row(name);
    const sample: Sample = { suffix: '', labels: labelText(row.labels, values), value };
    const place = places.get(sample.labels);
    if (place !== undefined) samples[place] = mergeSamples(merge, samples[place] as Sample, sample);
    else places.set(sample.labels, samples.push(sample) - 1);
  }

  /** @param samples whose labels no others of this name have */
  add(name: MetricName, samples: readonly Sample[]): void {
    this.#row(name).samples.push(...samples);
  }

  families(): Family[] {
    return [...this.#rows.values()].map(({ row: { name, type, help, unit }, merge, samples }) => ({
      name,
      type,
      help,
      ...(unit === undefined ? {} : { unit }),
      merge,
      samples,
    }));
  }

  #row(name: MetricName): Filled {
    const row = this.#rows.get(name);
    if (!row) throw new Error(`no such metric: ${name}`);
    return row;
  }
}
