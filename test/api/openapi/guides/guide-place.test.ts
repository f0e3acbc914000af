import { expect, test } from 'vitest';
import { placeOfGuide, placeOfLink, rootFrom } from '../../../../src/api/openapi/guides/guide-place.ts';

const isGuide = (name: string): boolean => ['README', 'faq', 'hub', 'hub/api', 'hub/tasks'].includes(name);
const from = (name: string, link: string) => placeOfLink(name, link, isGuide);

/** Where a browser goes by it. */
const reached = (name: string, link: string): string => {
  const place = from(name, link);
  return 'href' in place ? new URL(place.href, `https://relay/push/${placeOfGuide(name)}`).href : place.file;
};

test('the way from a page to the root of all ends there, also below a path of a proxy', () => {
  for (const name of ['README', 'faq', 'hub/api'])
    expect(new URL(rootFrom(name), `https://relay/push/${placeOfGuide(name)}`).href).toBe('https://relay/push/');
});

test.each([
  ['README', 'hub/api.md', 'https://relay/push/docs/guides/hub/api'],
  ['README', 'faq.md', 'https://relay/push/docs/guides/faq'],
  ['faq', 'hub.md#sending', 'https://relay/push/docs/guides/hub#sending'],
  ['hub/api', 'tasks.md', 'https://relay/push/docs/guides/hub/tasks'],
  ['hub/api', '../faq.md', 'https://relay/push/docs/guides/faq'],
  ['hub/api', '../README.md', 'https://relay/push/docs/guides'],
  ['hub/api', '../openapi.json', 'https://relay/push/openapi.json'],
  ['faq', 'gorush.proto', 'https://relay/push/docs/gorush.proto'],
  ['faq', './images/console-dark.png', 'https://relay/push/docs/images/console-dark.png'],
  ['faq', '#apns', 'https://relay/push/docs/guides/faq#apns'],
  ['faq', 'https://ntfy.sh/docs', 'https://ntfy.sh/docs'],
])('from %s a link to %s leads to %s', (name, link, place) => {
  expect(reached(name, link)).toBe(place);
});

test.each([
  ['hub/api', '../../examples/moving/README.md', 'examples/moving/README.md'],
  ['faq', '../deploy/helm', 'deploy/helm'],
  ['faq', 'adr/0001-dependencies.md', 'docs/adr/0001-dependencies.md'],
  ['faq', 'images/person-page.png', 'docs/images/person-page.png'],
])('from %s a link to %s leads nowhere: it is the file %s', (name, link, file) => {
  expect(from(name, link)).toEqual({ file });
});
