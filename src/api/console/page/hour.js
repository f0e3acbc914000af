/** @import { HourPoint } from '../last-hour.ts' */
import { byId, h, setText } from './dom.js';
import { count, milliseconds, rate } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const HOUR_MS = 3_600_000;
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 170, 52, 22, 8];
/** A longer pause between two points is a gap in the line. */
const GAP_MS = 45_000;
const MINUTES = [60, 45, 30, 15, 0];
const STEPS = [1, 2, 5, 10];

/** @typedef {{ name: string, look: string, read: (point: HourPoint) => number | undefined }} Series */
/** @typedef {{ title: string, series: readonly Series[], format: (value: number) => string }} Chart */

/** @type {readonly Chart[]} */
const CHARTS = [
  {
    title: 'Pushes per second',
    format: rate,
    series: [
      { name: 'accepted', look: 'accent', read: ({ rates }) => rates?.accepted },
      { name: 'delivered', look: 'good', read: ({ rates }) => rates?.delivered },
      { name: 'failed', look: 'bad', read: ({ rates }) => rates?.failed },
      { name: 'tried again', look: 'warn', read: ({ rates }) => rates?.retried },
    ],
  },
  {
    title: 'Request to outcome',
    format: milliseconds,
    series: [
      { name: 'median', look: 'accent', read: ({ latency }) => latency.push?.p50 },
      { name: '99th percentile', look: 'warn', read: ({ latency }) => latency.push?.p99 },
    ],
  },
  {
    title: 'In the queue',
    format: count,
    series: [{ name: 'notifications', look: 'accent', read: ({ depth }) => depth }],
  },
];

/**
 * @param {string} tag
 * @param {{ [attribute: string]: string | number }} attributes
 * @param {string} [text]
 */
export function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A round number that is not below `value`. @param {number} value */
export function roundTop(value) {
  const scale = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return Math.max(1, scale * (STEPS.find((step) => step * scale >= value) ?? STEPS.length));
}

const shownTime = (/** @type {number} */ at) => new Date(at).toLocaleTimeString('en-GB');

/** How far a key goes. @type {{ [key: string]: number }} */
export const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 };

/** @param {number} value @param {number} top */
const yOf = (value, top) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / top;

/**
 * What is written beside a chart, each once: half of an odd whole number is not one.
 * @param {number} top @param {(value: number) => string} format
 */
export const axisValues = (top, format) =>
  [0, top / 2, top].filter((value) => value === top || format(value) !== format(top));

/** The beginning and the end of a line of times do not stick out. @param {number} minutes */
const anchorOf = (minutes) => (minutes === 0 ? 'end' : minutes === 60 ? 'start' : 'middle');

/** One chart: its lines, its axes, and the moment that is read. */
class HourChart {
  /** @param {Chart} chart */
  constructor(chart) {
    this.chart = chart;
    const { title, series } = chart;
    this.root = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'hour-chart', tabindex: 0, role: 'img' });
    this.axes = svg('g', { class: 'axes' });
    this.lines = series.map(({ look }) => svg('path', { class: `line ${look}` }));
    this.cursor = svg('line', { class: 'cursor', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' });
    this.root.append(this.axes, ...this.lines, this.cursor);
    this.values = series.map(() => h('span', { class: 'value' }));
    this.when = h('p', { class: 'quiet when' }, 'now');
    this.box = this.#boxOf(title, series);
    /** @type {readonly HourPoint[]} */
    this.points = [];
    /** The place of the point that is read; undefined: the last one. @type {number | undefined} */
    this.chosen = undefined;
    this.#listen();
  }

  /** @param {readonly HourPoint[]} points */
  show(points) {
    this.points = points;
    const { title, series, format } = this.chart;
    const highest = series.map(({ read }) => Math.max(0, ...points.map((point) => read(point) ?? 0)));
    const top = roundTop(Math.max(...highest));
    this.#drawAxes(top);
    for (const [i, each] of series.entries()) this.lines[i]?.setAttribute('d', this.#path(each, top));
    const told = series.map(({ name }, i) => `${name} at most ${format(highest[i] ?? 0)}`);
    this.root.setAttribute(
      'aria-label',
      `${title} in the last hour: ${told.join(', ')}. Arrow keys read single moments.`,
    );
    this.#tell();
  }

  /** @param {string} title @param {readonly Series[]} series */
  #boxOf(title, series) {
    const legend = series.map(({ name, look }, i) =>
      h('li', {}, h('span', { class: `swatch ${look}`, 'aria-hidden': 'true' }), name, ' ', this.values[i]),
    );
    const head = h('figcaption', {}, h('h3', {}, title), this.when);
    const box = h('figure', { class: 'hour' }, head, h('ul', { class: 'legend' }, ...legend));
    box.append(this.root);
    return box;
  }

  get #begin() {
    return (this.points.at(-1)?.at ?? 0) - HOUR_MS;
  }

  /** @param {number} at */
  #x(at) {
    return LEFT + ((WIDTH - LEFT) * (at - this.#begin)) / HOUR_MS;
  }

  /** @param {number} top */
  #drawAxes(top) {
    const { format } = this.chart;
    const grid = axisValues(top, format).flatMap((value) => {
      const y = yOf(value, top);
      const text = svg('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, format(value));
      return [svg('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y }), text];
    });
    const times = MINUTES.map((minutes) => {
      const place = { x: this.#x(this.#begin + HOUR_MS - minutes * 60_000), y: HEIGHT - 5 };
      return svg('text', { ...place, 'text-anchor': anchorOf(minutes) }, minutes === 0 ? 'now' : `−${minutes} min`);
    });
    this.axes.replaceChildren(...grid, ...times);
  }

  /** A pause is a gap; a moment alone is a dot. @param {Series} series @param {number} top */
  #path({ read }, top) {
    let path = '';
    let last = Number.NEGATIVE_INFINITY;
    for (const point of this.points) {
      const value = read(point);
      if (value === undefined) continue;
      const spot = `${this.#x(point.at).toFixed(1)} ${yOf(value, top).toFixed(1)}`;
      path += point.at - last > GAP_MS ? `M${spot}h0.1` : `L${spot}`;
      last = point.at;
    }
    return path;
  }

  #listen() {
    this.root.addEventListener('pointermove', (event) => {
      const { left, width } = this.root.getBoundingClientRect();
      const { clientX } = /** @type {PointerEvent} */ (event);
      const x = ((clientX - left) / width) * WIDTH;
      const at = this.#begin + ((x - LEFT) / (WIDTH - LEFT)) * HOUR_MS;
      const distances = this.points.map((point) => Math.abs(point.at - at));
      this.#choose(distances.length > 0 ? distances.indexOf(Math.min(...distances)) : undefined);
    });
    this.root.addEventListener('pointerleave', () => this.#choose(undefined));
    this.root.addEventListener('blur', () => this.#choose(undefined));
    this.root.addEventListener('keydown', (event) => {
      const step = KEYS[/** @type {KeyboardEvent} */ (event).key];
      const last = this.points.length - 1;
      if (step === undefined || last < 0) return;
      event.preventDefault();
      this.#choose(Math.min(last, Math.max(0, (this.chosen ?? last) + step)));
    });
  }

  /** @param {number | undefined} place */
  #choose(place) {
    this.chosen = place;
    this.#tell();
  }

  #tell() {
    const { series, format } = this.chart;
    const point = this.points[this.chosen ?? this.points.length - 1];
    const isRead = this.chosen !== undefined && point !== undefined;
    setText(this.when, isRead ? shownTime(point.at) : 'now');
    series.forEach(({ read }, i) => {
      const value = point && read(point);
      setText(/** @type {Element} */ (this.values[i]), value === undefined ? '–' : format(value));
    });
    this.cursor.setAttribute('visibility', isRead ? 'visible' : 'hidden');
    if (point) for (const end of ['x1', 'x2']) this.cursor.setAttribute(end, this.#x(point.at).toFixed(1));
  }
}

const charts = CHARTS.map((chart) => new HourChart(chart));
byId('hour').replaceChildren(...charts.map(({ box }) => box));

/** @type {HourPoint[]} */
let points = [];

/** @param {readonly HourPoint[]} given all of the hour, or what has come since */
export function addHour(given) {
  const known = new Set(given.map(({ at }) => at));
  points = [...points.filter(({ at }) => !known.has(at)), ...given];
  const end = points.at(-1)?.at ?? 0;
  points = points.filter(({ at }) => at > end - HOUR_MS);
  for (const chart of charts) chart.show(points);
}
