/** @import { Check } from '../../../health/ready.ts' */
import { byId, h, setText } from './dom.js';

/** @type {{ [status: string]: [text: string, look: string] }} */
const STATES = { pass: ['ready', 'good'], warn: ['degraded', 'warn'], fail: ['not ready', 'bad'] };

/** What was shown last: a screen reader is left alone while nothing changes. */
let shown = '';

/** @param {Check} check */
const causeItem = ({ name, status, output = '', breaker }) =>
  h(
    'li',
    {},
    h('span', { class: `pill ${STATES[status]?.[1]}` }, status === 'fail' ? 'failing' : 'degraded'),
    h('strong', {}, name),
    h('span', {}, [output, breaker && breaker !== 'closed' && `breaker ${breaker}`].filter(Boolean).join('; ')),
  );

/**
 * What is not well, as /readyz says it.
 * @param {{ ready: boolean, status?: string, causes?: readonly Check[] }} frame
 */
export function showCauses({ ready, status = ready ? 'pass' : 'fail', causes = [] }) {
  const pill = byId('ready');
  const [text, look] = STATES[ready || status !== 'pass' ? status : 'fail'] ?? [status, 'idle'];
  pill.hidden = false;
  setText(pill, text);
  pill.className = `pill ${look}`;
  const now = JSON.stringify(causes.map(({ name, status: own, output, breaker }) => [name, own, output, breaker]));
  if (now === shown) return;
  shown = now;
  byId('causes-panel').hidden = causes.length === 0;
  byId('causes').replaceChildren(...causes.map(causeItem));
}
