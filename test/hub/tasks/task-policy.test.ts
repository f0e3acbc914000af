import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/host/config/load.ts';
import { taskPolicy } from '../../../src/hub/tasks/task-policy.ts';

const policy = (hub: object = {}, own?: object) => {
  const { config } = loadConfig({ values: { hub: { path: '', ...hub } }, env: {}, cwd: '/', purpose: 'ping' });
  return taskPolicy({ config, app: 'acme', settings: own && ({ hub: own } as never) });
};

describe('what the operator has decided about tasks', () => {
  test('is what the documents say, where nothing else is said', () => {
    expect(policy()).toMatchObject({
      ...{ at: { reminder: 1200, overdue: 540, digest: 660 }, timezone: 'UTC', hubZone: 'UTC', priority: 'medium' },
      buttons: { overdue: { category: 'TASK_ACTIONABLE' } },
    });
  });

  test("is the app's own, key by key", () => {
    const own = { tasks: { digest_at: 'off', timezone: 'user' }, timezone: 'Asia/Tokyo' };
    expect(policy({ tasks: { reminder_at: '18:30' } }, own)).toMatchObject({
      ...{ at: { reminder: 1110, overdue: 540 }, timezone: undefined, hubZone: 'Asia/Tokyo' },
    });
    expect(policy({}, own).at.digest).toBeUndefined();
  });

  test('has buttons of its own for some states', () => {
    const tasks = { buttons: { completed: { category: 'DONE', buttons: ['reopen'] } } };
    expect(policy({ tasks }).buttons).toMatchObject({
      ...{ completed: { category: 'DONE', types: ['reopen'] }, cancelled: { category: 'TASK_CANCELLED' } },
    });
  });

  test.each([
    [{ timezone: 'Mars' }, 'hub.tasks.timezone'],
    [{ buttons: { done: {} } }, 'hub.tasks.buttons.done'],
    [{ buttons: { overdue: { buttons: [''] } } }, 'hub.tasks.buttons.overdue.buttons[0]'],
  ])('with %j is a mistake at %s', (tasks, key) => {
    expect(() => policy({ tasks })).toThrow(key);
  });
});
