import { expect, test } from 'vitest';
import { groupsOfCounts, groupsOfHistory, MOST_GROUPS, withExamples } from '../../../src/api/console/failure-groups.ts';
import type { ListedPush } from '../../../src/observe/history/history.ts';

const listed = (more: Partial<ListedPush> = {}): ListedPush => ({
  ...{ at: '2026-01-01T00:00:02.000Z', event: 'attempt', outcome: 'failed', request_id: 'r2', app: 'shop' },
  ...{ provider: 'apns', environment: 'production', reason: 'Unregistered', category: 'invalid_token', status: 410 },
  advice: 'Delete the token.',
  ...more,
});

test('failures with the same reason at the same place are one group, which tells of the last one', () => {
  const groups = groupsOfHistory([
    listed(),
    listed({ request_id: 'r1', at: '2026-01-01T00:00:01.000Z', count: 3 }),
    listed({ request_id: 'r0', outcome: 'retried', reason: 'TooManyRequests', category: 'unavailable', count: 2 }),
    listed({ app: 'news' }),
  ]);
  expect(groups).toMatchObject([
    { app: 'shop', reason: 'Unregistered', failed: 4, retried: 0, request_id: 'r2', advice: 'Delete the token.' },
    { app: 'news', reason: 'Unregistered', failed: 1, needs: 'sender' },
    { app: 'shop', reason: 'TooManyRequests', failed: 0, retried: 2, request_id: 'r0', needs: 'patience' },
  ]);
  expect(groups[0]?.at).toBe('2026-01-01T00:00:02.000Z');
});

test('a reason of which pushes were given up has the advice for those, whatever came last', () => {
  const overloaded = { reason: 'UNAVAILABLE', category: 'unavailable', provider: 'fcm' } as const;
  const history = groupsOfHistory([
    listed({ ...overloaded, outcome: 'retried', advice: 'It is sent again.', request_id: 'r3' }),
    listed({ ...overloaded, advice: 'No retry was left.' }),
    listed({ ...overloaded, outcome: 'retried', advice: 'It is sent again.' }),
  ]);
  expect(history).toMatchObject([{ failed: 1, retried: 2, advice: 'No retry was left.', request_id: 'r3' }]);
  const place = { ...overloaded, app: 'shop', environment: 'production' };
  const retried = groupsOfCounts([{ ...place, outcome: 'retried', count: 3 }]);
  expect(retried[0]?.advice).toContain('is sent again');
  const failed = groupsOfCounts([
    { ...place, outcome: 'failed', count: 1 },
    { ...place, outcome: 'retried', count: 3 },
  ]);
  expect(failed[0]?.advice).toContain('No retry was left');
  expect(withExamples(failed, groupsOfHistory([listed({ ...overloaded, outcome: 'retried' })]))[0]?.advice).toContain(
    'No retry was left',
  );
});

test('there are only so many groups', () => {
  const groups = groupsOfHistory(Array.from({ length: 100 }, (_, i) => listed({ reason: `Reason${i}` })));
  expect(groups).toHaveLength(MOST_GROUPS);
});

test('without a history, what is counted since the start is grouped, with its advice', () => {
  const place = { app: 'default', provider: 'apns', environment: 'production' };
  const groups = groupsOfCounts([
    { ...place, category: 'invalid_token', reason: 'Unregistered', outcome: 'failed', count: 2 },
    { ...place, category: 'unavailable', reason: 'TooManyRequests', outcome: 'retried', count: 5 },
    { ...place, category: 'unavailable', reason: 'TooManyRequests', outcome: 'failed', count: 1 },
    { ...place, provider: 'none', category: 'disabled', reason: 'PlatformDisabled', outcome: 'failed', count: 1 },
  ]);
  expect(groups).toMatchObject([
    { reason: 'TooManyRequests', failed: 1, retried: 5, needs: 'person' },
    { reason: 'PlatformDisabled', provider: undefined, environment: undefined, failed: 1, needs: 'person' },
    { reason: 'Unregistered', failed: 2, retried: 0, needs: 'sender' },
  ]);
  expect(groups.every(({ advice, at }) => advice !== undefined && at === undefined)).toBe(true);
});

test('what is counted comes with the last push of the history, and what only the history knows with its own counts', () => {
  const place = { app: 'shop', provider: 'apns', environment: 'production' };
  const counted = groupsOfCounts([
    { ...place, category: 'invalid_token', reason: 'Unregistered', outcome: 'failed', count: 700 },
  ]);
  const examples = groupsOfHistory([listed(), listed({ reason: 'InvalidProviderToken', category: 'credential' })]);
  expect(withExamples(counted, examples)).toMatchObject([
    { reason: 'InvalidProviderToken', failed: 1, needs: 'person', request_id: 'r2' },
    { reason: 'Unregistered', failed: 700, needs: 'sender', request_id: 'r2' },
  ]);
});
