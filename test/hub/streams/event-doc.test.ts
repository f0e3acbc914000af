import { expect, test } from 'vitest';
import { parseEventForMany } from '../../../src/hub/streams/event-doc.ts';

const NOW = '2026-05-08T10:00:00Z';
const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

test('a payload for many people is refused when their copies would be many times what came in', () => {
  const large = 'x'.repeat(200_000);
  const refused = parseEventForMany({ type: 'a', payload: large, users: people(84) }, NOW);
  expect(refused).toEqual({ faults: [{ path: 'users', reason: 'must be at most 83 for a payload of 200002 bytes' }] });
  expect(parseEventForMany({ type: 'a', payload: large, users: people(83) }, NOW)).toHaveProperty('users.length', 83);
  expect(parseEventForMany({ type: 'a', payload: 'x'.repeat(1600), users: people(10_000) }, NOW)).toHaveProperty(
    'draft',
  );
  expect(parseEventForMany({ type: 'a', users: people(10_001) }, NOW)).toMatchObject({ faults: [{ path: 'users' }] });
  // Everyone is done in pages, which are as small as the payload is large.
  expect(parseEventForMany({ type: 'a', payload: large, everyone: true }, NOW)).toHaveProperty('users', 'everyone');
});
