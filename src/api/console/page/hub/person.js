import { h, setText } from '../dom.js';
import { createDevices } from './devices.js';
import { createInbox } from './inbox.js';
import { factList, goTo, heading, moment, own, ownList, panel } from './parts.js';
import { createSettings } from './settings.js';
import { address, askHub, hub } from './state.js';
import { createTrouble, isAborted } from './trouble.js';
import { createReasons } from './why.js';

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} [name]
 * @property {string} [email]
 * @property {string} [phone]
 * @property {string} [slack]
 * @property {string} [locale]
 * @property {string} [timezone]
 * @property {readonly string[]} teams
 * @property {readonly string[]} roles
 * @property {{ [kind: string]: { granted: boolean, at: string, source: string } }} consent
 * @property {{ [kind: string]: { status: string, reason?: string, at?: string } }} addresses
 * @property {readonly { channel: string, type: string, at: string }[]} opt_outs
 */

const CONSENTS = { email: 'mail', sms: 'text messages', slack: 'Slack' };

/** @param {Person} person */
const consents = ({ consent }) =>
  Object.entries(CONSENTS).map(([kind, title]) => {
    const given = consent[kind];
    if (!given) return h('p', {}, `${title}: never asked`);
    return h(
      'p',
      {},
      `${title}: ${given.granted ? 'agreed' : 'refused'} ${moment(given.at)} (`,
      own(given.source),
      ')',
    );
  });

/** An address with what is known of it. @param {Person} person @param {string} kind @param {string | undefined} value */
function addressFact({ addresses }, kind, value) {
  if (value === undefined) return [];
  const { status = 'active', reason } = addresses[kind] ?? {};
  const wrong = status === 'active' ? [] : [` ${[status, reason].filter(Boolean).join(': ')}`];
  return [own(value, 'mono'), ...wrong.map((text) => h('span', { class: 'alarm' }, text))];
}

/** @param {Person} person */
const facts = (person) =>
  factList({
    Mail: addressFact(person, 'email', person.email),
    Telephone: addressFact(person, 'sms', person.phone),
    Slack: addressFact(person, 'slack', person.slack),
    Language: person.locale,
    'Time zone': person.timezone,
    Teams: ownList(person.teams),
    Roles: ownList(person.roles),
    'Agreed to': consents(person),
    'Opted out of': person.opt_outs.map(({ channel, type, at }) =>
      h('p', {}, own(type), ` by ${channel}, ${moment(at)}`),
    ),
  });

/** One person: who, devices, settings, what came of the last notifications, and the inbox. */
export function createPersonView() {
  const title = heading('person-title', '');
  const id = own('', 'mono quiet');
  const about = h('div', {});
  const status = h('p', { class: 'empty', role: 'status' });
  const trouble = createTrouble();
  const back = h('a', { href: '#page=people' }, 'All people');
  const send = h('a', { href: '#' }, 'Send to this person');
  const head = h('div', { class: 'head' }, title, h('div', { class: 'line' }, send, back));
  const parts = {
    reasons: createReasons(),
    devices: createDevices(),
    settings: createSettings(),
    inbox: createInbox(),
  };
  const { reasons, devices, settings, inbox } = parts;
  const rest = h(
    'div',
    { class: 'pair' },
    panel('person-why', 'Why it came, or did not', reasons.element),
    h(
      'div',
      { class: 'column' },
      panel('person-devices', 'Devices', devices.element),
      panel('person-settings', 'Settings', settings.element),
      panel('person-inbox', 'Inbox', inbox.element),
    ),
  );
  const element = h(
    'div',
    { class: 'column' },
    h('div', { class: 'panel' }, head, id, status, trouble.element, about),
    rest,
  );
  let current = new AbortController();

  /** @param {string} user */
  async function load(user) {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    about.replaceChildren();
    rest.hidden = true;
    trouble.clear();
    setText(status, 'Looking…');
    try {
      const person = /** @type {Person} */ (await askHub(['users', user], { signal }));
      signal.throwIfAborted();
      setText(status, '');
      title.replaceChildren(own(person.name ?? person.id));
      about.replaceChildren(facts(person));
      rest.hidden = false;
      for (const part of Object.values(parts)) void part.show(user, signal);
    } catch (error) {
      if (!isAborted(error)) setText(status, '');
      trouble.show(error, () => void load(user));
    }
  }

  return {
    element,
    /** @param {string} user */
    show(user) {
      back.setAttribute('href', address('people'));
      send.setAttribute('href', address('notifications', { compose: '1', user }));
      send.hidden = !hub.hello.may.push;
      title.replaceChildren(own(user));
      setText(id, user);
      void load(user);
      goTo(title);
    },
    stop: () => current.abort(),
  };
}
