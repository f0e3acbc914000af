/** @import { ChartOf } from './span-chart.js' */
import { count, milliseconds } from '../format.js';

const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** @param {{ [reason: string]: number } | undefined} byReason */
export const sumOf = (byReason) => Object.values(byReason ?? {}).reduce((sum, each) => sum + each, 0);

/** What providers took. @param {any} figures */
export const takenOf = (figures) =>
  figures ? figures.sent + figures.delivered + figures.seen + figures.read : undefined;

/** @param {number | null | undefined} share of 1 */
export const percent = (share) => (share === null || share === undefined ? '–' : `${tenths.format(share * 100)} %`);

/** @param {number} value in whatever money `hub.costs` is in */
export const money = (value) => cents.format(value);

/** Nothing was sent: nothing was taken, and of nothing there is no share. @param {number | undefined} value */
const orNothing = (value) => value ?? 0;

/** @type {readonly ChartOf[]} */
export const CHARTS = [
  {
    title: 'Messages',
    format: count,
    series: [
      { name: 'taken by providers', look: 'accent', read: (figures) => orNothing(takenOf(figures)) },
      { name: 'failed', look: 'bad', read: (figures) => sumOf(figures?.failed) },
      { name: 'not sent', look: 'warn', read: (figures) => sumOf(figures?.suppressed) },
    ],
  },
  {
    title: 'Of those that were taken',
    format: (value) => percent(value),
    top: 1,
    series: [
      { name: 'delivered', look: 'accent', read: (figures) => figures?.rates.delivered ?? undefined },
      { name: 'read', look: 'good', read: (figures) => figures?.rates.read ?? undefined },
      { name: 'opened', look: 'warn', read: (figures) => figures?.rates.opened ?? undefined },
    ],
  },
  {
    title: 'Due until answered',
    format: milliseconds,
    series: [
      { name: 'median', look: 'accent', read: (figures) => figures?.latency_ms?.p50 },
      { name: '95th percentile', look: 'good', read: (figures) => figures?.latency_ms?.p95 },
      { name: '99th percentile', look: 'warn', read: (figures) => figures?.latency_ms?.p99 },
    ],
  },
  {
    title: 'Cost and what was not spent',
    format: money,
    series: [
      { name: 'cost', look: 'accent', read: (figures) => orNothing(figures?.cost) },
      { name: 'not spent', look: 'good', read: (figures) => orNothing(figures?.saved.total) },
    ],
  },
];

/** Columns of the tables. @type {readonly { title: string, read: (figures: any) => string }[]} */
export const COLUMNS = [
  { title: 'Taken', read: (figures) => count(orNothing(takenOf(figures))) },
  { title: 'Failed', read: ({ failed }) => count(sumOf(failed)) },
  { title: 'Not sent', read: ({ suppressed }) => count(sumOf(suppressed)) },
  { title: 'Delivered', read: ({ rates }) => percent(rates.delivered) },
  { title: 'Read', read: ({ rates }) => percent(rates.read) },
  { title: 'Opened', read: ({ rates }) => percent(rates.opened) },
  { title: 'p95', read: ({ latency_ms: latency }) => milliseconds(latency?.p95) },
  { title: 'Cost', read: ({ cost }) => money(cost) },
  { title: 'Not spent', read: ({ saved }) => money(saved.total) },
];
