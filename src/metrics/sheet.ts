import { type MetricName, metricTable } from '../metric-table.ts';
import { type Family, labelText, type Merge, mergeSamples, type Sample, sampleKey } from './family.ts';

interface Row {
  readonly name: string;
  readonly type: Family['type'];
  readonly help: string;
  readonly unit?: string;
  readonly labels: readonly string[];
  readonly merge?: Merge;
}

/** The table of metrics as one scrape fills it in. */
export class Sheet {
  readonly #rows = new Map<string, { row: Row; merge: Merge; samples: Map<string, Sample> }>();

  /** @param merges what differs from the table */
  constructor(merges: (name: string) => Merge | undefined = () => undefined) {
    for (const row of metricTable as readonly Row[]) {
      const merge = merges(row.name) ?? row.merge ?? 'sum';
      this.#rows.set(row.name, { row, merge, samples: new Map() });
    }
  }

  /** @param values of the labels of the table's row, in its order; what has the same ones is merged */
  set(name: MetricName, value: number, values: readonly string[] = []): void {
    this.add(name, [{ suffix: '', labels: labelText(this.#row(name).row.labels, values), value }]);
  }

  add(name: MetricName, samples: readonly Sample[]): void {
    const { samples: all, merge } = this.#row(name);
    for (const sample of samples) {
      const key = sampleKey(sample);
      const other = all.get(key);
      all.set(key, other ? mergeSamples(merge, other, sample) : sample);
    }
  }

  families(): Family[] {
    return [...this.#rows.values()].map(({ row: { name, type, help, unit }, merge, samples }) => ({
      name,
      type,
      help,
      ...(unit === undefined ? {} : { unit }),
      merge,
      samples: [...samples.values()],
    }));
  }

  #row(name: MetricName) {
    const row = this.#rows.get(name);
    if (!row) throw new Error(`no such metric: ${name}`);
    return row;
  }
}
