import { describe, expect, test } from 'vitest';
import { parseTask } from '../../../src/hub/tasks/parse-task.ts';

describe('the body of a task', () => {
  test('is taken with what it says, and nothing else', () => {
    const body = {
      title: 'A',
      state: 'In_Progress',
      due_on: '2026-12-01',
      users: ['ada', 'ada'],
      data: { a: 1 },
      by: 'bob',
    };
    expect(parseTask(body, 'UTC')).toEqual({
      ...{ doc: { title: 'A', due_on: '2026-12-01', users: ['ada'], data: { a: 1 } }, state: 'in_progress', by: 'bob' },
    });
    expect(parseTask({ title: '', users: [], url: null }, 'UTC')).toEqual({ doc: {} });
  });

  test.each([
    ['2026-12-01T17:00:00+01:00', {}, '2026-12-01T16:00:00.000Z'],
    ['2026-12-01T17:00', {}, '2026-12-01T16:00:00.000Z'],
    ['2026-12-01T17:00:00', { timezone: 'America/New_York' }, '2026-12-01T22:00:00.000Z'],
    // 02:30 is not there: the first instant after the gap.
    ['2027-03-28T02:30:00', {}, '2027-03-28T01:00:00.000Z'],
  ])('%s with %j is %s, where the hub is in Berlin', (due_at, more, expected) => {
    expect(parseTask({ due_at, ...more }, 'Europe/Berlin')).toMatchObject({ doc: { due_at: expected } });
  });

  test.each([
    [{ due_on: '2026-02-30' }, 'due_on'],
    [{ due_on: '2026-12-01T00:00' }, 'due_on'],
    [{ due_at: 'tomorrow' }, 'due_at'],
    [{ due_at: '2026-12-01' }, 'due_at'],
    [{ due_at: '2026-12-01T17:00:00Z', due_on: '2026-12-01' }, 'due_at'],
    [{ state: 'done' }, 'state'],
    [{ timezone: 'Mars/Olympus' }, 'timezone'],
    [{ users: ['.'] }, 'users[0]'],
    [{ tilte: 'A' }, 'tilte'],
    [{ at: '1960-01-01T00:00:00Z' }, 'at'],
  ])('%j is refused by its place', (body, path) => {
    expect(parseTask(body, 'UTC')).toEqual([expect.objectContaining({ path })]);
  });
});
