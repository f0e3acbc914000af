/** @import { Bucket } from './span-chart.js' */

const HOUR_MS = 3_600_000;

/** @typedef {{ name: string, text: string, by: 'hour' | 'day', count: number }} Range */

/** @type {readonly Range[]} */
export const RANGES = [
  { name: '24h', text: 'the last 24 hours', by: 'hour', count: 24 },
  { name: '7d', text: 'the last 7 days', by: 'hour', count: 168 },
  { name: '30d', text: 'the last 30 days', by: 'day', count: 30 },
];

/** When a range begins: at an hour or a midnight of the reader's clock. @param {Range} range @param {number} now */
export function beginOf({ by, count }, now) {
  const begin = new Date(now);
  if (by === 'hour') {
    begin.setMinutes(0, 0, 0);
    return begin.getTime() - (count - 1) * HOUR_MS;
  }
  begin.setHours(0, 0, 0, 0);
  begin.setDate(begin.getDate() - (count - 1));
  return begin.getTime();
}

/** @param {Date} date */
const dayOf = (date) =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');

/** @param {Date} date */
const timeOf = (date) => date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

/**
 * All times of a range, also those at which nothing was sent.
 * @param {Range} range
 * @param {number} now
 * @param {readonly any[]} rows of the answer
 * @returns {Bucket[]}
 */
export function bucketsOf(range, now, rows) {
  const { by } = range;
  const known = new Map(rows.map((row) => [by === 'hour' ? Date.parse(row.hour) : row.day, row]));
  /** @type {Bucket[]} */
  const buckets = [];
  for (let at = beginOf(range, now); at <= now; ) {
    const date = new Date(at);
    const [day, time] = [dayOf(date), timeOf(date)];
    const name = by === 'hour' && range.count <= 24 ? time : day.slice(5);
    buckets.push({
      at,
      name,
      whole: by === 'hour' ? `${day}, ${time}` : day,
      figures: known.get(by === 'hour' ? at : day),
    });
    if (by === 'hour') at += HOUR_MS;
    else {
      date.setDate(date.getDate() + 1);
      at = date.getTime();
    }
  }
  return buckets;
}
