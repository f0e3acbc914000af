const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** @param {number} value */
export const count = (value) => (value < 100_000 ? whole.format(value) : short.format(value));

/** @param {number | undefined} value of things per second */
export function rate(value) {
  if (value === undefined) return '–';
  if (value >= 100_000) return short.format(value);
  return (value >= 10 ? whole : tenths).format(value);
}

/** @param {number | undefined} value milliseconds */
export function milliseconds(value) {
  if (value === undefined) return '–';
  if (value >= 60_000) return '> 60 s';
  if (value >= 1000) return `${tenths.format(value / 1000)} s`;
  return `${(value >= 10 ? whole : tenths).format(value)} ms`;
}

/** @param {{ p50: number, p99: number } | undefined} latency */
export const latencies = (latency) => (latency ? `${milliseconds(latency.p50)} · ${milliseconds(latency.p99)}` : '–');

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return '< 1 s';
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}

/**
 * @param {string} time ISO 8601
 * @param {number} now UNIX milliseconds, of the same clock
 */
export function ago(time, now) {
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < 2 ? 'just now' : `${duration(seconds)} ago`;
}

/** @param {string} time ISO 8601 @returns {string} the reader's time of day, with milliseconds */
export function timeOfDay(time) {
  const at = new Date(time);
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * `1 push`, `2 pushes`
 * @param {number} value
 * @param {string} one
 * @param {string} many
 */
export const plural = (value, one, many) => `${count(value)} ${value === 1 ? one : many}`;
