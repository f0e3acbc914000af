/** @import { Frame } from '../frame.ts' */
import { createChart } from './charts.js';
import { byId, h, setText } from './dom.js';
import { count, duration, milliseconds, rate } from './format.js';

/** @typedef {Pick<Frame, 'at' | 'rates' | 'latency'> & { depth: number }} Moment what the charts are made of */
/** @typedef {{ label: string, unit?: string, series: readonly string[], values: readonly ((moment: Moment) => number | undefined)[],
 *   figure: (frame: Frame) => string, note: (frame: Frame) => string, isBad?: (frame: Frame) => boolean }} Tile */

const SPAN_MS = 120_000;

/** @type {readonly Tile[]} */
const TILES = [
  {
    label: 'Accepted',
    unit: '/s',
    series: ['accent'],
    values: [({ rates }) => rates?.accepted],
    figure: ({ rates }) => rate(rates?.accepted),
    note: ({ rates, totals }) =>
      rates && rates.refused > 0 ? `${rate(rates.refused)}/s refused` : `${count(totals.accepted)} since the start`,
    isBad: ({ rates }) => (rates?.refused ?? 0) > 0,
  },
  {
    label: 'Delivered',
    unit: '/s',
    series: ['good'],
    values: [({ rates }) => rates?.delivered],
    figure: ({ rates }) => rate(rates?.delivered),
    note: ({ totals }) => `${count(totals.delivered)} since the start`,
  },
  {
    label: 'Failed',
    unit: '/s',
    series: ['bad', 'warn'],
    values: [({ rates }) => rates?.failed, ({ rates }) => rates?.retried],
    figure: ({ rates }) => rate(rates?.failed),
    note: ({ rates, totals }) =>
      rates && rates.retried > 0 ? `${rate(rates.retried)}/s tried again` : `${count(totals.failed)} since the start`,
    isBad: ({ rates }) => (rates?.failed ?? 0) > 0,
  },
  {
    label: 'Request to outcome',
    series: ['accent', 'quiet'],
    values: [({ latency }) => latency.push?.p50, ({ latency }) => latency.push?.p99],
    figure: ({ latency }) => milliseconds(latency.push?.p50),
    note: ({ latency }) =>
      latency.push
        ? `p99 ${milliseconds(latency.push.p99)} · waited ${milliseconds(latency.queue?.p50)}`
        : 'nothing in the last 30 s',
  },
  {
    label: 'Provider’s answer',
    series: ['accent', 'quiet'],
    values: [({ latency }) => latency.provider?.p50, ({ latency }) => latency.provider?.p99],
    figure: ({ latency }) => milliseconds(latency.provider?.p50),
    note: ({ latency }) =>
      latency.provider ? `p99 ${milliseconds(latency.provider.p99)}` : 'nothing in the last 30 s',
  },
  {
    label: 'In the queue',
    series: ['accent'],
    values: [({ depth }) => depth],
    figure: ({ queue }) => count(queue.depth),
    note: ({ queue }) => queueNote(queue),
    isBad: ({ queue }) => queue.health !== 'pass' || queue.depth >= queue.limit,
  },
];

/** @param {Frame['queue']} queue */
function queueNote({ depth, limit, oldest_age, health, durable }) {
  if (health === 'fail') return 'takes nothing';
  if (depth >= limit) return `full: at most ${count(limit)}`;
  if (depth > 0) return `the oldest for ${duration(oldest_age)}`;
  return durable ? `at most ${count(limit)}` : 'in memory only';
}

/** @param {Tile} tile */
function createTile(tile) {
  const chart = createChart(tile.series);
  const value = h('span', {}, '–');
  const note = h('dd', { class: 'note' }, ' ');
  const box = h(
    'div',
    { class: 'tile' },
    h('dt', {}, tile.label),
    h('dd', { class: 'figure' }, value, tile.unit ? h('span', { class: 'unit' }, tile.unit) : undefined),
    note,
    h('dd', { class: 'picture' }, chart.root),
  );
  return { tile, box, value, note, chart };
}

/** The tiles at the top. */
export function createOverview() {
  const tiles = TILES.map(createTile);
  byId('tiles').replaceChildren(...tiles.map(({ box }) => box));
  /** @type {Moment[]} */
  let moments = [];

  return {
    /** @param {readonly Moment[]} past of before this page looked */
    begin(past) {
      moments = [...past];
    },
    /** @param {Frame} frame */
    show(frame) {
      const { at, rates, latency, queue } = frame;
      // The first frame has no rates: with it, all lines would begin late.
      const moment = rates ? [{ at, rates, latency, depth: queue.depth }] : [];
      moments = [...moments.filter((each) => each.at > at - SPAN_MS), ...moment];
      for (const { tile, box, value, note, chart } of tiles) {
        setText(value, tile.figure(frame));
        setText(note, tile.note(frame));
        box.classList.toggle('troubled', tile.isBad?.(frame) ?? false);
        chart.draw(tile.values.map((read) => moments.map((moment) => ({ at: moment.at, value: read(moment) }))));
      }
    },
  };
}
