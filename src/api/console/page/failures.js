/** @import { FailureGroup } from '../failure-groups.ts' */
import { byId, h, keyed, setText, withCode } from './dom.js';
import { ago, count, plural } from './format.js';
import { place } from './providers.js';

/** Who has to act. @type {{ [needs: string]: string }} */
const NEEDS = { person: 'needs you', sender: 'for who sends', patience: 'heals by itself' };

/** @param {FailureGroup} group */
const keyOf = ({ app, provider, environment, reason, category, needs }) =>
  JSON.stringify([app, provider, environment, reason, category, needs]);

/** @param {FailureGroup} group */
function create({ reason, category, advice, needs }) {
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'line' },
      h('h3', { class: 'mono' }, reason),
      h('span', { class: `pill ${needs === 'person' ? 'bad' : ''}` }, NEEDS[needs] ?? ''),
      category ? h('span', { class: 'pill' }, category.replaceAll('_', ' ')) : undefined,
      h('span', { class: 'space' }),
      h('span', { class: 'counts' }),
    ),
    advice ? h('p', { class: 'advice' }, ...withCode(advice)) : undefined,
    h('p', { class: 'quiet where' }),
    h('p', { class: 'quiet said' }),
  );
}

/** @param {FailureGroup} group */
function countsOf({ failed, retried }) {
  const parts = [failed > 0 && `${count(failed)} failed`, retried > 0 && `${count(retried)} tried again`];
  return parts.filter(Boolean).join(', ');
}

/** @type {readonly FailureGroup[]} */
let groups = [];
/** UNIX milliseconds of the server. */
let now = 0;

/**
 * @param {Element} item
 * @param {FailureGroup} group
 */
function update(item, group) {
  const { app, provider, environment, status, error, at, request_id: id, failed } = group;
  const part = (/** @type {string} */ name) => /** @type {Element} */ (item.querySelector(name));
  part('.counts').className = `counts ${failed > 0 ? 'bad' : 'warn'}`;
  setText(part('.counts'), countsOf(group));
  const where = [app, place(provider, environment), status !== undefined && `status ${status}`]
    .filter(Boolean)
    .join(' · ');
  const last = at === undefined ? '' : `last ${ago(at, now)}`;
  updateWhere(part('.where'), where, last, id);
  const said = error !== undefined && error !== group.reason ? error : '';
  setText(part('.said'), said);
  part('.said').toggleAttribute('hidden', said === '');
}

/**
 * The link stays the same element, so that it keeps the focus.
 * @param {Element} line
 * @param {string} where
 * @param {string} last
 * @param {string | undefined} id
 */
function updateWhere(line, where, last, id) {
  if (!line.firstChild) line.append(h('span', {}), h('a', {}));
  const [text, link] = /** @type {any} */ (line.children);
  setText(text, last === '' ? where : `${where} · ${last}`);
  link.hidden = id === undefined;
  setText(link, 'see the last one');
  if (id !== undefined) link.setAttribute('href', `#push=${encodeURIComponent(id)}`);
}

const list = byId('failures');

function render() {
  const urgent = groups.filter(({ needs }) => needs !== 'patience');
  const patient = groups.filter(({ needs }) => needs === 'patience');
  const empty = byId('no-failures');
  empty.hidden = urgent.length > 0;
  setText(empty, patient.length > 0 ? 'Nothing that needs a person.' : 'Nothing has failed.');
  keyed(list, urgent, keyOf, create, update);
  byId('patience').hidden = patient.length === 0;
  setText(byId('patience-title'), `${plural(patient.length, 'reason', 'reasons')} that heal by themselves`);
  keyed(byId('patient-failures'), patient, keyOf, create, update);
}

/** @param {readonly FailureGroup[]} given */
export function showFailures(given) {
  groups = given;
  setText(byId('failures-note'), 'the last hour');
  render();
}

/** @param {number} at UNIX milliseconds of the server */
export function failuresAt(at) {
  now = at;
  if (groups.length > 0) render();
}
