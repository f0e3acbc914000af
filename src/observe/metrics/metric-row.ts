import type { Merge } from './family.ts';

export interface MetricRow {
  /** As in the text format. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  readonly help: string;
  /** Closed sets: never a token, never text of a caller or a provider. */
  readonly labels: readonly string[];
  /** What its name ends with, before `_total`. */
  readonly unit?: 'seconds';
  /** How the values of several worker processes make one; default: their sum. */
  readonly merge?: Merge;
}

type Rest = Partial<Pick<MetricRow, 'labels' | 'unit' | 'merge'>>;

const row =
  (type: MetricRow['type']) =>
  <Name extends string>(name: Name, help: string, { labels = [], ...rest }: Rest = {}) => ({
    name,
    type,
    help,
    labels,
    ...rest,
  });

export const counter = row('counter');
export const gauge = row('gauge');
export const histogram = row('histogram');
export const info = row('info');
