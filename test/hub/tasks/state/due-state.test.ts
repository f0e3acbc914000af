import { describe, expect, test } from 'vitest';
import { dueState } from '../../../../src/hub/tasks/state/due-state.ts';
import type { TaskDoc } from '../../../../src/hub/tasks/task.ts';

const NOON = Date.parse('2026-12-01T12:00:00Z');
const standing = (doc: TaskDoc, zone = 'UTC', now = NOON) => dueState({ doc }, zone, now);

describe('where a task stands with its date', () => {
  test.each([
    [{}, 'none'],
    [{ due_on: '2026-11-30' }, 'overdue'],
    [{ due_on: '2026-12-01' }, 'today'],
    [{ due_on: '2026-12-02' }, 'tomorrow'],
    [{ due_on: '2026-12-03' }, 'later'],
    [{ due_at: '2026-12-01T12:00:00.000Z' }, 'overdue'],
    [{ due_at: '2026-12-01T12:00:01.000Z' }, 'today'],
    [{ due_at: '2026-12-02T00:00:00.000Z' }, 'tomorrow'],
  ] as const)('%j in UTC is %s', (doc, expected) => {
    expect(standing(doc)).toBe(expected);
  });

  test('a date is that of who looks, or of the zone that the task has', () => {
    // In Tokyo it is 21:00 of the first, in Auckland 01:00 of the second.
    expect(standing({ due_on: '2026-12-01' }, 'Asia/Tokyo')).toBe('today');
    expect(standing({ due_on: '2026-12-01' }, 'Pacific/Auckland')).toBe('overdue');
    expect(standing({ due_on: '2026-12-01', timezone: 'Asia/Tokyo' }, 'Pacific/Auckland')).toBe('today');
    expect(standing({ due_at: '2026-12-01T23:30:00.000Z' }, 'UTC')).toBe('today');
    expect(standing({ due_at: '2026-12-01T23:30:00.000Z' }, 'Europe/Berlin')).toBe('tomorrow');
  });
});
