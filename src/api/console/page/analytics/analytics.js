import { h, setText } from '../dom.js';
import { askHub } from '../hub/state.js';
import { beginOf, bucketsOf, RANGES } from './buckets.js';
import { CHARTS, COLUMNS, percent, sumOf, takenOf } from './figures.js';
import { SpanChart } from './span-chart.js';

/** While the page is open. */
const AGAIN_MS = 60_000;
/** Types of the table: the most sent. */
const MOST_TYPES = 10;

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const address = () => new URLSearchParams(location.hash.slice(1));

/** What the address asks for: `#page=analytics&range=7d`. */
const rangeAsked = () => RANGES.find(({ name }) => name === address().get('range')) ?? RANGES[0];

/** @param {string} title of the first column */
function createTable(title) {
  const body = h('tbody');
  const heads = COLUMNS.map((column) => h('th', { scope: 'col', class: 'number' }, column.title));
  const table = h('table', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, title), ...heads)), body);
  const box = h(
    'section',
    { class: 'scroll', 'aria-label': `Figures by ${title.toLowerCase()}`, tabindex: '0' },
    table,
  );
  return {
    box,
    /** @param {readonly any[]} rows @param {(row: any) => string} nameOf */
    show(rows, nameOf) {
      body.replaceChildren(
        ...rows.map((row) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, nameOf(row)),
            ...COLUMNS.map(({ read }) => h('td', { class: 'number' }, read(row))),
          ),
        ),
      );
    },
  };
}

function createRanges() {
  const fields = RANGES.map(({ name }, i) =>
    h(
      'label',
      {},
      h('input', { type: 'radio', name: 'analytics-range', value: name, ...(i === 0 ? { checked: '' } : {}) }),
      name,
    ),
  );
  return h('fieldset', { class: 'choice', id: 'analytics-ranges' }, h('legend', {}, 'Time'), ...fields);
}

/** @param {any} total */
const inWords = (total) =>
  `${takenOf(total)} taken, ${sumOf(total.failed)} failed, ${sumOf(total.suppressed)} not sent; ${percent(total.rates.delivered)} delivered, ${percent(total.rates.read)} read.`;

/** What became of notifications to people: charts over a time that is chosen, and tables by channel and type. */
class AnalyticsPage {
  name = 'analytics';
  title = 'Analytics';

  constructor() {
    this.charts = CHARTS.map((chart) => new SpanChart(chart, ({ read }, total) => (total ? read(total) : undefined)));
    this.channels = createTable('Channel');
    this.types = createTable('Type');
    this.status = h('p', { class: 'quiet', role: 'status' });
    this.trouble = h('p', { class: 'error', role: 'alert' });
    this.ranges = createRanges();
    const head = h('div', { class: 'head' }, h('h2', { id: 'analytics-title' }, 'What has happened'), this.status);
    this.element = h(
      'section',
      { class: 'column', id: 'page-analytics', 'aria-labelledby': 'analytics-title', hidden: '' },
      h(
        'div',
        { class: 'panel' },
        head,
        this.ranges,
        this.trouble,
        h('div', { class: 'hours' }, ...this.charts.map(({ box }) => box)),
      ),
      h('div', { class: 'panel' }, h('h2', {}, 'By channel'), this.channels.box),
      h('div', { class: 'panel' }, h('h2', {}, 'By type'), this.types.box),
    );
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    /** Counts what was asked for: an answer that comes late is not shown. */
    this.asked = 0;
    this.ranges.addEventListener('change', (event) => {
      const { value } = /** @type {HTMLInputElement} */ (event.target);
      const next = address();
      next.set('range', value);
      location.hash = `${next}`;
    });
  }

  /** Shows what the address asks for. */
  follow = () => {
    const range = rangeAsked();
    for (const input of this.ranges.querySelectorAll('input')) input.checked = input.value === range?.name;
    clearInterval(this.timer);
    this.timer = setInterval(() => void this.#load(), AGAIN_MS);
    void this.#load();
  };

  leave = () => {
    clearInterval(this.timer);
    this.asked++;
  };

  async #load() {
    const mine = ++this.asked;
    const range = rangeAsked();
    if (!range) return;
    const now = Date.now();
    const query = { from: new Date(beginOf(range, now)).toISOString(), timezone: zone };
    try {
      const [times, channels, types] = await Promise.all([
        askHub(['analytics'], { query: { ...query, by: range.by } }),
        askHub(['analytics'], { query: { ...query, by: 'channel' } }),
        askHub(['analytics'], { query: { ...query, by: 'type' } }),
      ]);
      if (mine !== this.asked) return;
      const buckets = bucketsOf(range, now, times.rows);
      for (const chart of this.charts) chart.show(buckets, times.total, range.text);
      this.channels.show(channels.rows, ({ channel }) => channel || 'not known');
      const most = types.rows.toSorted(
        (/** @type {any} */ a, /** @type {any} */ b) => (takenOf(b) ?? 0) - (takenOf(a) ?? 0),
      );
      this.types.show(most.slice(0, MOST_TYPES), ({ type }) => type);
      setText(this.status, inWords(times.total));
      setText(this.trouble, '');
    } catch (error) {
      if (mine !== this.asked) return;
      setText(this.trouble, error instanceof Error ? error.message : String(error));
    }
  }
}

export const createAnalyticsPage = () => new AnalyticsPage();
