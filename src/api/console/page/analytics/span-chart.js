import { h, setText } from '../dom.js';
import { axisValues, KEYS, roundTop, svg } from '../hour.js';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 180, 52, 24, 8];
/** Times that are written below. */
const TICKS = 4;

/**
 * @typedef {object} Bucket a time, and what is known of it
 * @property {number} at UNIX milliseconds
 * @property {string} name as the axis has it
 * @property {string} whole as who reads it sees it
 * @property {any} figures of the answer; undefined: nothing was sent
 */

/** @typedef {{ name: string, look: string, read: (figures: any) => number | undefined }} Series */
/** @typedef {{ title: string, series: readonly Series[], format: (value: number) => string, top?: number }} ChartOf */

/** @param {number} value @param {number} top */
const yOf = (value, top) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / top;

/** Lines over buckets of time: axes, a legend with the values of the bucket that the pointer or the arrow keys read, else their sums. */
export class SpanChart {
  /** @param {ChartOf} chart @param {(series: Series, total: any) => number | undefined} totalOf what is shown while no bucket is read */
  constructor(chart, totalOf) {
    this.chart = chart;
    this.totalOf = totalOf;
    const { title, series } = chart;
    this.root = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'hour-chart', tabindex: 0, role: 'img' });
    this.root.setAttribute('aria-label', `${title}: not known yet.`);
    this.axes = svg('g', { class: 'axes' });
    this.lines = series.map(({ look }) => svg('path', { class: `line ${look}` }));
    this.cursor = svg('line', { class: 'cursor', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' });
    this.root.append(this.axes, ...this.lines, this.cursor);
    this.values = series.map(() => h('span', { class: 'value' }));
    this.when = h('p', { class: 'quiet when' });
    const legend = series.map(({ name, look }, i) =>
      h('li', {}, h('span', { class: `swatch ${look}`, 'aria-hidden': 'true' }), name, ' ', this.values[i]),
    );
    this.box = h(
      'figure',
      { class: 'hour' },
      h('figcaption', {}, h('h3', {}, title), this.when),
      h('ul', { class: 'legend' }, ...legend),
    );
    this.box.append(this.root);
    /** @type {readonly Bucket[]} */
    this.buckets = [];
    /** @type {any} */
    this.total = undefined;
    this.spanText = '';
    /** The place of the bucket that is read. @type {number | undefined} */
    this.chosen = undefined;
    this.#listen();
  }

  /** @param {readonly Bucket[]} buckets oldest first @param {any} total @param {string} spanText such as `the last 7 days` */
  show(buckets, total, spanText) {
    this.buckets = buckets;
    this.total = total;
    this.spanText = spanText;
    if (this.chosen !== undefined && this.chosen >= buckets.length) this.chosen = undefined;
    const { title, series, format, top: fixed } = this.chart;
    const highest = series.map((each) => Math.max(0, ...buckets.map((bucket) => readIn(each, bucket) ?? 0)));
    const top = fixed ?? roundTop(Math.max(...highest));
    this.#drawAxes(top);
    for (const [i, each] of series.entries()) this.lines[i]?.setAttribute('d', this.#path(each, top));
    const told = series.map(({ name }, i) => `${name} at most ${format(highest[i] ?? 0)}`);
    this.root.setAttribute('aria-label', `${title}, ${spanText}: ${told.join(', ')}. Arrow keys read single times.`);
    this.#tell();
  }

  /** @param {number} place */
  #x(place) {
    return LEFT + ((WIDTH - LEFT - 4) * place) / Math.max(1, this.buckets.length - 1);
  }

  /** @param {number} top */
  #drawAxes(top) {
    const grid = axisValues(top, this.chart.format).flatMap((value) => {
      const y = yOf(value, top);
      const text = svg('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, this.chart.format(value));
      return [svg('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y }), text];
    });
    const last = this.buckets.length - 1;
    const places = [...new Set(Array.from({ length: TICKS + 1 }, (_, i) => Math.round((last * i) / TICKS)))];
    const times = places.flatMap((place) => {
      const bucket = this.buckets[place];
      const anchor = place === 0 ? 'start' : place === last ? 'end' : 'middle';
      return bucket ? [svg('text', { x: this.#x(place), y: HEIGHT - 6, 'text-anchor': anchor }, bucket.name)] : [];
    });
    this.axes.replaceChildren(...grid, ...times);
  }

  /** Where nothing is known there is a gap; a time alone is a dot. @param {Series} series @param {number} top */
  #path(series, top) {
    let path = '';
    let isOpen = false;
    for (const [place, bucket] of this.buckets.entries()) {
      const value = readIn(series, bucket);
      if (value === undefined) {
        isOpen = false;
        continue;
      }
      const spot = `${this.#x(place).toFixed(1)} ${yOf(Math.min(value, top), top).toFixed(1)}`;
      path += isOpen ? `L${spot}` : `M${spot}h0.1`;
      isOpen = true;
    }
    return path;
  }

  #listen() {
    this.root.addEventListener('pointermove', (event) => {
      const { left, width } = this.root.getBoundingClientRect();
      const { clientX } = /** @type {PointerEvent} */ (event);
      const x = ((clientX - left) / width) * WIDTH;
      const last = this.buckets.length - 1;
      const place = Math.round(((x - LEFT) / (WIDTH - LEFT - 4)) * last);
      this.#choose(last < 0 ? undefined : Math.min(last, Math.max(0, place)));
    });
    this.root.addEventListener('pointerleave', () => this.#choose(undefined));
    this.root.addEventListener('blur', () => this.#choose(undefined));
    this.root.addEventListener('keydown', (event) => {
      const step = KEYS[/** @type {KeyboardEvent} */ (event).key];
      const last = this.buckets.length - 1;
      if (step === undefined || last < 0) return;
      event.preventDefault();
      const from = this.chosen ?? (step < 0 ? last + 1 : -1);
      this.#choose(Math.min(last, Math.max(0, from + step)));
    });
  }

  /** @param {number | undefined} place */
  #choose(place) {
    this.chosen = place;
    this.#tell();
  }

  #tell() {
    const { series, format } = this.chart;
    const bucket = this.chosen === undefined ? undefined : this.buckets[this.chosen];
    setText(this.when, bucket ? bucket.whole : this.spanText);
    series.forEach((each, i) => {
      const value = bucket ? readIn(each, bucket) : this.totalOf(each, this.total);
      setText(/** @type {Element} */ (this.values[i]), value === undefined ? '–' : format(value));
    });
    this.cursor.setAttribute('visibility', bucket ? 'visible' : 'hidden');
    if (this.chosen !== undefined)
      for (const end of ['x1', 'x2']) this.cursor.setAttribute(end, this.#x(this.chosen).toFixed(1));
  }
}

/** @param {Series} series @param {Bucket} bucket */
const readIn = ({ read }, { figures }) => read(figures) ?? undefined;
