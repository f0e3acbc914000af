/** How the values of several processes make one: counters and most gauges are added up. */
export type Merge = 'sum' | 'min' | 'max' | 'first';

/** The trace of one observation that fell into a bucket. */
export interface Exemplar {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  readonly value: number;
  /** UNIX seconds. */
  readonly at: number;
}

/** One line of an exposition. Plain values only: samples travel between processes as JSON. */
export interface Sample {
  /** The suffix of the sample's name after its family's: `_bucket`, `_sum`, `_count`, or nothing. */
  readonly suffix: string;
  /** As exposed, without the braces: `app="default",provider="apns"`. */
  readonly labels: string;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

/** All samples of one name. */
export interface Family {
  /** As in the text format: a counter's ends with `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  readonly help: string;
  readonly unit?: string | undefined;
  readonly merge: Merge;
  readonly samples: readonly Sample[];
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/** @param values of `names`, in their order */
export const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${(values[i] as string).replace(/[\\"\n]/g, (c) => ESCAPES[c] as string)}"`).join();

const younger = (a: Exemplar | undefined, b: Exemplar | undefined): Exemplar | undefined =>
  a && b ? (a.at >= b.at ? a : b) : (a ?? b);

const combine: Readonly<Record<Merge, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  min: Math.min,
  max: Math.max,
  first: (a) => a,
};

/** Two samples of the same labels as one. */
export function mergeSamples(merge: Merge, a: Sample, b: Sample): Sample {
  const exemplar = younger(a.exemplar, b.exemplar);
  return { ...a, value: combine[merge](a.value, b.value), ...(exemplar ? { exemplar } : {}) };
}

const sampleKey = ({ suffix, labels }: Sample): string => `${suffix} ${labels}`;

/** What several processes expose as one exposition, in the order of first appearance. */
export function mergeFamilies(lists: readonly (readonly Family[])[]): Family[] {
  const merged = new Map<string, { family: Family; samples: Map<string, Sample> }>();
  for (const family of lists.flat()) {
    let known = merged.get(family.name);
    if (!known) {
      known = { family, samples: new Map() };
      merged.set(family.name, known);
    }
    for (const sample of family.samples) {
      const key = sampleKey(sample);
      const other = known.samples.get(key);
      known.samples.set(key, other ? mergeSamples(family.merge, other, sample) : sample);
    }
  }
  return [...merged.values()].map(({ family, samples }) => ({ ...family, samples: [...samples.values()] }));
}
