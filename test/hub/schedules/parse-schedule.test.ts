import { describe, expect, test } from 'vitest';
import { parseSchedule } from '../../../src/hub/schedules/parse-schedule.ts';

const notification = { title: 'Stand-up', to: { users: ['ada'] } };
const parse = (body: object) => parseSchedule(body, 'Europe/Berlin');

describe('the body of a schedule', () => {
  test('is taken with what it says, and by the clock of the hub', () => {
    expect(parse({ cron: '0 9 * * 1-5', notification })).toMatchObject({
      ...{ cron: '0 9 * * 1-5', timezone: 'Europe/Berlin', catch_up: 'latest' },
      notification: { title: 'Stand-up', type: 'notification', priority: 'medium', to: { users: ['ada'] } },
    });
    expect(parse({ every: '1h30m', notification, enabled: false, catch_up: 'none' })).toMatchObject({
      ...{ every: 5400, enabled: false, catch_up: 'none' },
    });
    expect(parse({ at: '2026-12-01T09:00:00', notification })).toMatchObject({ at: '2026-12-01T08:00:00.000Z' });
    expect(parse({ at: '2026-12-01T09:00', timezone: 'America/New_York', notification })).toMatchObject({
      ...{ at: '2026-12-01T14:00:00.000Z', timezone: 'America/New_York' },
    });
  });

  test('read again is the same', () => {
    for (const when of [{ cron: '0 9 * * *' }, { every: 60 }, { at: '2026-12-01T09:00:00' }]) {
      const once = parse({ ...when, notification });
      expect(parse(once)).toEqual(once);
    }
  });

  test.each([
    [{ notification }, 'cron'],
    [{ cron: '0 9 * * *', every: 60, notification }, 'every'],
    [{ every: '0s', notification }, 'every'],
    [{ every: '500ms', notification }, 'every'],
    [{ cron: 'often', notification }, 'cron'],
    [{ at: 'soon', notification }, 'at'],
    [{ cron: '0 9 * * *', timezone: 'Mars/Olympus', notification }, 'timezone'],
    [{ cron: '0 9 * * *' }, 'notification'],
    [{ cron: '0 9 * * *', notification: { title: 'x' } }, 'notification.to'],
    [{ cron: '0 9 * * *', notification: { ...notification, id: 'n1' } }, 'notification.id'],
    [{ cron: '0 9 * * *', notification: { ...notification, send_at: '2026-12-01T09:00:00Z' } }, 'notification.send_at'],
    [
      { cron: '0 9 * * *', notification: { ...notification, expires_at: '2026-12-01T09:00:00Z' } },
      'notification.expires_at',
    ],
    [{ cron: '0 9 * * *', notification: { ...notification, tilte: 'x' } }, 'notification.tilte'],
    [{ cron: '0 9 * * *', catch_up: 'all', notification }, 'catch_up'],
    [{ cron: '0 9 * * *', cronn: 1, notification }, 'cronn'],
  ])('%j is refused by its place', (body, path) => {
    expect(parse(body)).toEqual([expect.objectContaining({ path })]);
  });
});
