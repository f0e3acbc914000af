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

/** Values by name, in the order of the text. */
export type Labels = Readonly<Record<string, string>>;

export const NO_LABELS: Labels = Object.freeze({});

/** One series of a counter or a gauge. Plain values only: samples travel between processes as JSON. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One series of a histogram. */
export interface HistogramSample {
  readonly labels: Labels;
  /** Cumulative, by the bounds of the family and infinity. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** By bucket; absent: none has any. */
  readonly exemplars?: Readonly<Record<number, Exemplar>>;
}

interface FamilyHead {
  /** As in the text format: a counter's ends with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly unit?: string | undefined;
  readonly merge: Merge;
}

export interface ScalarFamily extends FamilyHead {
  readonly type: 'counter' | 'gauge' | 'info';
  readonly samples: readonly Sample[];
}

/** Histograms of several processes are always added up. */
export interface HistogramFamily extends FamilyHead {
  readonly type: 'histogram';
  /** Upper bounds, ascending, without infinity. */
  readonly bounds: readonly number[];
  readonly samples: readonly HistogramSample[];
}

/** All series of one name. */
export type Family = ScalarFamily | HistogramFamily;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

const SPECIAL = /[\\"\n]/;

const escaped = (value: string): string =>
  SPECIAL.test(value) ? value.replace(/[\\"\n]/g, (char) => ESCAPES[char] as string) : value;

/** As exposed, without the braces: `app="default",provider="apns"`. */
export function labelText(labels: Labels): string {
  let text = '';
  for (const name of Object.keys(labels))
    text += `${text === '' ? '' : ','}${name}="${escaped(labels[name] as string)}"`;
  return text;
}

const combine: Readonly<Record<Merge, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  min: Math.min,
  max: Math.max,
  first: (a) => a,
};

/** Two samples of the same labels as one. */
export const mergeSamples = (merge: Merge, a: Sample, b: Sample): Sample => ({
  ...a,
  value: combine[merge](a.value, b.value),
});

/** What is the same for samples of the same labels. */
const keyOf = ({ labels }: Pick<Sample, 'labels'>): string => Object.values(labels).join('\0');

/** Samples of several processes, in the order of first appearance. */
function merged<T extends Pick<Sample, 'labels'>>(lists: readonly (readonly T[])[], merge: (a: T, b: T) => T): T[] {
  const byLabels = new Map<string, T>();
  for (const sample of lists.flat()) {
    const key = keyOf(sample);
    const other = byLabels.get(key);
    byLabels.set(key, other ? merge(other, sample) : sample);
  }
  return [...byLabels.values()];
}

function younger(a: Exemplar | undefined, b: Exemplar | undefined): Exemplar | undefined {
  if (a && b) return a.at >= b.at ? a : b;
  return a ?? b;
}

function mergeExemplars(a: HistogramSample['exemplars'] = {}, b: HistogramSample['exemplars'] = {}) {
  const exemplars: Record<string, Exemplar> = { ...a };
  for (const [bucket, exemplar] of Object.entries(b))
    exemplars[bucket] = younger(exemplars[bucket], exemplar) as Exemplar;
  return exemplars;
}

const mergeHistograms = (a: HistogramSample, b: HistogramSample): HistogramSample => ({
  labels: a.labels,
  counts: a.counts.map((count, bucket) => count + (b.counts[bucket] ?? 0)),
  sum: a.sum + b.sum,
  ...(a.exemplars || b.exemplars ? { exemplars: mergeExemplars(a.exemplars, b.exemplars) } : {}),
});

function mergeFamily(families: readonly [Family, ...Family[]]): Family {
  const [first] = families;
  if (first.type === 'histogram') {
    const lists = families.map((family) => (family.type === 'histogram' ? family.samples : []));
    return { ...first, samples: merged(lists, mergeHistograms) };
  }
  const lists = families.map((family) => (family.type === 'histogram' ? [] : family.samples));
  return { ...first, samples: merged(lists, (a, b) => mergeSamples(first.merge, a, b)) };
}

/** What several processes expose as one exposition, in the order of first appearance. */
export const mergeFamilies = (lists: readonly (readonly Family[])[]): Family[] =>
  [...Map.groupBy(lists.flat(), ({ name }) => name).values()].map((families) =>
    mergeFamily(families as [Family, ...Family[]]),
  );
