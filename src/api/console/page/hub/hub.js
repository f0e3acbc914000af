/** @import { Page } from '../pages.js' */
/** @import { HubHello } from './state.js' */
import { createAnalyticsPage } from '../analytics/analytics.js';
import { byId, h } from '../dom.js';
import { createIncidentsPage } from './incidents.js';
import { createNotificationsPage } from './notifications.js';
import { createHubOverview } from './overview.js';
import { createPeoplePage } from './people.js';
import { createSchedulesPage, createTasksPage } from './plans.js';
import { firstApp, hub } from './state.js';

/**
 * @typedef {object} HubPage a tab that is about one app
 * @property {string} name
 * @property {string} title
 * @property {HTMLElement} element
 * @property {(asked: URLSearchParams) => void} follow shows what the address asks for
 * @property {() => void} leave
 */

/** A select of more would be too long: then the name is typed. */
const MOST_CHOICES = 200;

/** @param {readonly string[]} apps */
function appField(apps) {
  const options = apps.map((name) => h('option', { value: name }, name));
  if (apps.length <= MOST_CHOICES) return [h('select', { id: 'hub-app-name' }, ...options)];
  return [
    h('input', { id: 'hub-app-name', list: 'hub-app-names', spellcheck: 'false', autocomplete: 'off' }),
    h('datalist', { id: 'hub-app-names' }, ...options),
  ];
}

/** Of which app the pages are. @param {readonly string[]} apps */
function createAppChoice(apps) {
  const [control, names] = appField(apps);
  const element = h(
    'div',
    { id: 'hub-app', class: 'app-choice' },
    h('label', { for: 'hub-app-name' }, 'App'),
    control,
    names,
  );
  const field = /** @type {HTMLSelectElement | HTMLInputElement} */ (control);
  field.addEventListener('change', () => {
    const page = new URLSearchParams(location.hash.slice(1)).get('page') ?? '';
    const app = field.value.trim() || firstApp();
    location.hash = `${new URLSearchParams({ page, ...(app === firstApp() ? {} : { app }) })}`;
  });
  return {
    /** @param {Element} place it is put before that */
    show(place) {
      place.before(element);
      element.hidden = apps.length < 2;
      field.value = hub.app;
    },
    hide: () => element.remove(),
  };
}

/** Their looks. */
function addStyles() {
  if (document.getElementById('hub-styles')) return;
  document.head.append(h('link', { id: 'hub-styles', rel: 'stylesheet', href: 'console/hub/hub.css' }));
}

/** @param {HubHello} hello @returns {HubPage[]} those that this key may see */
const pagesFor = ({ may }) => [
  ...(may.users ? [createPeoplePage()] : []),
  createNotificationsPage(),
  createIncidentsPage(),
  createTasksPage(),
  createSchedulesPage(),
  createAnalyticsPage(),
];

/**
 * Makes the pages of the hub, and its part of the first page.
 * @param {HubHello} hello
 * @returns {{ now: Pick<Page, 'follow' | 'leave'>, pages: Page[] }}
 */
export function openHub(hello) {
  addStyles();
  hub.hello = hello;
  for (const old of document.querySelectorAll('.hub-page, #hub-now, #hub-app')) old.remove();
  const choice = createAppChoice(hello.apps);
  /** @param {Pick<HubPage, 'follow' | 'leave'>} page @param {Element} place */
  const ofApp = ({ follow, leave }, place) => ({
    follow(/** @type {URLSearchParams} */ asked) {
      hub.app = asked.get('app') ?? firstApp();
      choice.show(place);
      follow(asked);
    },
    leave() {
      choice.hide();
      leave();
    },
  });
  const overview = createHubOverview();
  byId('failures').closest('section')?.after(overview.element);
  const pages = pagesFor(hello).map((page) => {
    const { name, title, element } = page;
    element.id = `page-${name}`;
    element.classList.add('hub-page', 'column');
    element.hidden = true;
    byId('columns').append(element);
    return { name, title, isWide: true, ...ofApp(page, byId('columns')) };
  });
  return { now: ofApp(overview, overview.element), pages };
}
