import { type Exemplar, type Family, type HistogramSample, labelText } from './family.ts';

/** The text of GET /metrics and its media type. */
export interface Exposition {
  readonly type: string;
  readonly text: string;
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text';

/** Prometheus' text format 0.0.4. */
function textOf(families: readonly Family[]): string {
  let text = '';
  for (const family of families) {
    const { name, type, help } = family;
    const kind = type === 'info' ? 'gauge' : type;
    text += `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${kind}\n`;
    text += linesOf(family, false);
  }
  return text;
}

const FAMILY_SUFFIX = { counter: '_total', info: '_info', gauge: '', histogram: '' } as const;

/**
 * A family's name in OpenMetrics has no `_total`, and its type. A counter whose name does not end so, as Gorush's do not, would
 * have to be renamed: as `unknown` it keeps the name that dashboards know.
 */
function openMetricsFamily({ name, type }: Family): { family: string; kind: string } {
  const suffix = FAMILY_SUFFIX[type];
  if (!name.endsWith(suffix)) return { family: name, kind: 'unknown' };
  return { family: name.slice(0, name.length - suffix.length), kind: type };
}

const escapeHelp = (help: string): string => help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');

/** OpenMetrics 1.0, with units and exemplars. */
function openMetricsOf(families: readonly Family[]): string {
  let text = '';
  for (const one of families) {
    const { family, kind } = openMetricsFamily(one);
    text += `# HELP ${family} ${escapeHelp(one.help)}\n# TYPE ${family} ${kind}\n`;
    if (one.unit !== undefined) text += `# UNIT ${family} ${one.unit}\n`;
    text += linesOf(one, true);
  }
  return `${text}# EOF\n`;
}

/** Name, labels and value of each line of a family, and with `exemplars` what OpenMetrics adds to it. */
function linesOf(family: Family, exemplars: boolean): string {
  const { name, type } = family;
  let text = '';
  if (type === 'histogram')
    for (const sample of family.samples) text += histogramLines(name, family.bounds, sample, exemplars);
  else
    for (const { labels, value } of family.samples) text += `${name}${braced(labelText(labels))} ${numberOf(value)}\n`;
  return text;
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum, exemplars = {} }: HistogramSample,
  shown: boolean,
): string {
  const common = labelText(labels);
  const before = common === '' ? '' : `${common},`;
  let text = '';
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const exemplar = shown ? exemplarOf(exemplars[bucket]) : '';
    text += `${name}_bucket{${before}le="${bounds[bucket] ?? '+Inf'}"} ${counts[bucket]}${exemplar}\n`;
  }
  const after = braced(common);
  return `${text}${name}_sum${after} ${numberOf(sum)}\n${name}_count${after} ${numberOf(counts.at(-1) ?? 0)}\n`;
}

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`);

const numberOf = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';

const exemplarOf = (exemplar: Exemplar | undefined): string =>
  exemplar ? ` # {trace_id="${exemplar.traceId}"} ${numberOf(exemplar.value)} ${exemplar.at}` : '';

/** A media range of an Accept header. */
interface Range {
  readonly type: string;
  readonly version: string | undefined;
  readonly q: number;
}

function rangesOf(accept: string): Range[] {
  return accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    const value = (name: string): string | undefined =>
      parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
    const q = Number(value('q') ?? 1);
    return { type, version: value('version'), q: Number.isFinite(q) ? q : 0 };
  });
}

const best = (ranges: readonly Range[]): Range | undefined =>
  ranges.reduce<Range | undefined>((so, range) => (range.q > (so?.q ?? 0) ? range : so), undefined);

/** The version of OpenMetrics that the client would rather have than the text format; undefined: the text format. */
function openMetricsVersion(accept: string): string | undefined {
  const ranges = rangesOf(accept);
  const open = best(
    ranges.filter(({ type, version = '0.0.1' }) => type === OPENMETRICS && /^(0\.0\.1|1\.0\.0)$/.test(version)),
  );
  const plain = best(ranges.filter(({ type, version = '0.0.4' }) => type === 'text/plain' && version === '0.0.4'));
  return open && open.q >= (plain?.q ?? 0) ? (open.version ?? '0.0.1') : undefined;
}

/** Many may ask for one reading (rationed.ts). */
const written = new WeakMap<readonly Family[], Map<string, string>>();

function once(families: readonly Family[], format: string, write: (families: readonly Family[]) => string): string {
  const texts = written.get(families) ?? new Map<string, string>();
  written.set(families, texts);
  const text = texts.get(format) ?? write(families);
  texts.set(format, text);
  return text;
}

/** The exposition that the client asks for: OpenMetrics where it is preferred, else the text format, whatever else it wants. */
export function expose(families: readonly Family[], accept = ''): Exposition {
  const version = openMetricsVersion(accept);
  if (version === undefined) return { type: TEXT, text: once(families, TEXT, textOf) };
  const type = `${OPENMETRICS}; version=${version}; charset=utf-8`;
  return { type, text: once(families, OPENMETRICS, openMetricsOf) };
}
