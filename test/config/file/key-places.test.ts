import { expect, test } from 'vitest';
import { LineCounter, parseAllDocuments } from 'yaml';
import { keyPlaces, nearestPlace } from '../../../src/config/file/key-places.ts';

const TEXT = `core:
  port: "1"
  auto_tls: {enabled: true}
IOS:
  Key_Path: a.p8
queue.local.path: q.db
apps:
  acme: &acme
    ios: {topic: a}
  other: *acme
1: x
`;

function places() {
  const lineCounter = new LineCounter();
  const [document] = parseAllDocuments(TEXT, { lineCounter });
  if (!document || !('errors' in document)) throw new Error('no document');
  return keyPlaces(document, lineCounter);
}

test.each([
  ['core', 1, 1],
  ['core.port', 2, 3],
  ['core.auto_tls.enabled', 3, 14],
  ['ios.key_path', 5, 3],
  ['queue.local.path', 6, 1],
  ['apps.acme.ios.topic', 9, 11],
  ['apps.other', 10, 3],
])('%s stands in line %i, column %i', (key, line, column) => {
  expect(nearestPlace(places(), key)).toEqual({ line, column });
});

test('a key that is not there stands where the section around it does, or nowhere', () => {
  expect(nearestPlace(places(), 'core.sync')).toEqual({ line: 1, column: 1 });
  expect(nearestPlace(places(), 'apps.acme.ios.key_path')).toEqual({ line: 9, column: 5 });
  expect(nearestPlace(places(), 'android.key_path')).toBeUndefined();
});
