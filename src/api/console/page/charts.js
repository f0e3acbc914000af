const SVG = 'http://www.w3.org/2000/svg';
/** Of a chart, whatever its size on the screen. */
const WIDTH = 240;
const HEIGHT = 40;
/** What fits into it: less at the beginning. */
const SHORTEST_MS = 20_000;
const LONGEST_MS = 120_000;
/** A longer pause between two points is a gap in the line. */
const GAP_MS = 10_000;

/** @typedef {{ at: number, value: number | undefined }} Point */

/**
 * @param {string} tag
 * @param {{ [attribute: string]: string }} attributes
 */
function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * A line for each class of `series`, the first one with its area. Decorative: the text beside it says the same.
 * @param {readonly string[]} series
 */
export function createChart(series) {
  const root = svg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
    class: 'chart',
  });
  const area = svg('path', { class: `area ${series[0]}` });
  const lines = series.map((name) => svg('path', { class: `line ${name}` }));
  root.append(area, ...lines);
  return {
    root,
    /** @param {readonly (readonly Point[])[]} points of each series, oldest first */
    draw(points) {
      const [line = []] = points;
      const now = line.at(-1)?.at ?? 0;
      const span = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, now - (line[0]?.at ?? now)));
      const top = Math.max(1e-9, ...points.flat().map(({ value }) => value ?? 0));
      const spotted = points.map((each) => runs(each, now - span, span, top));
      for (const [i, all] of spotted.entries()) lines[i]?.setAttribute('d', linePath(all));
      area.setAttribute('d', areaPath(spotted[0] ?? []));
    },
  };
}

/** @typedef {{ x: number, y: number }} Spot */

/**
 * Runs of points without a gap.
 * @param {readonly Point[]} points
 * @param {number} since
 * @param {number} span
 * @param {number} top
 */
function runs(points, since, span, top) {
  /** @type {Spot[][]} */
  const all = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, value } of points) {
    if (value === undefined || at < since) continue;
    const spot = { x: (WIDTH * (at - since)) / span, y: HEIGHT - 1.5 - (HEIGHT - 4) * Math.min(1, value / top) };
    if (at - last > GAP_MS) all.push([]);
    all.at(-1)?.push(spot);
    last = at;
  }
  return all;
}

/** @param {Spot[]} run */
const through = (run) => run.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');

/** The stroke of 0.1 makes a dot of a point alone. @param {Spot[][]} all */
const linePath = (all) => all.map((run) => `M${through(run)}h0.1`).join('');

/** @param {Spot[][]} all */
const areaPath = (all) =>
  all
    .map((run) => `M${run[0]?.x.toFixed(1)} ${HEIGHT}L${through(run)}L${run.at(-1)?.x.toFixed(1)} ${HEIGHT}Z`)
    .join('');
