/** A panel: one graph of some queries. Widths are of 24. */
export interface Panel {
  readonly title: string;
  readonly type?: 'timeseries' | 'stat' | 'state-timeline' | 'table';
  readonly unit?: string;
  readonly width?: number;
  readonly stacked?: boolean;
  readonly description?: string;
  /** Legend, and what it shows. */
  readonly queries: readonly (readonly [legend: string, expr: string])[];
  /** Shows traces on the graph. */
  readonly exemplars?: boolean;
  readonly thresholds?: readonly (readonly [color: string, from: number | null])[];
  readonly mappings?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Of the instances that are chosen; of the apps, too. */
export const I = 'instance=~"$instance"';
export const A = `${I}, app=~"$app"`;
export const R = '$__rate_interval';
export const LANE = '{{app}} {{provider}} {{environment}}';
export const byLane = 'app, provider, environment';

/** The median and what is slower than nearly all. */
export const quantiles = (metric: string, selector: string, by: string, legend: string): Panel['queries'] =>
  [0.5, 0.95, 0.99].map((q) => [
    `p${q * 100}${legend}`,
    `histogram_quantile(${q}, sum by (${by}) (rate(${metric}_bucket{${selector}}[${R}])))`,
  ]);
