/** @import { RecipientTotals } from '../../../../hub/sends/totals.ts' */
import { h } from '../dom.js';
import { count } from '../format.js';
import { stateText } from './parts.js';

/** @type {readonly (readonly [Exclude<keyof RecipientTotals, 'ids' | 'total'>, string])[]} */
const WORDS = [
  ['queued', 'at once'],
  ['held', 'later'],
  ['suppressed', 'not wanted'],
  ['no_channel', 'not reachable'],
  ['unknown', 'unknown'],
  ['undecided', 'still to be looked at'],
];

/** `for 3 people: 2 at once, 1 not reachable` @param {RecipientTotals} totals */
export function totalsText(totals) {
  const parts = WORDS.flatMap(([name, word]) => (totals[name] ? [`${count(totals[name])} ${word}`] : []));
  const people = `for ${count(totals.total)} ${totals.total === 1 ? 'person' : 'people'}`;
  return parts.length > 0 ? `${people}: ${parts.join(', ')}` : people;
}

/** How many decisions are in which state. @param {{ [state: string]: number }} counts */
export function countList(counts) {
  const some = Object.entries(counts).filter(([, number]) => number > 0);
  return h(
    'ul',
    { class: 'counts-list', 'aria-label': 'Decisions by state' },
    ...some.map(([state, number]) => h('li', {}, h('strong', {}, count(number)), ` ${stateText(state)}`)),
  );
}
