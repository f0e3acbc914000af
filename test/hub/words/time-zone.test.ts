import { expect, test } from 'vitest';
import { chooseZone } from '../../../src/hub/words/time-zone.ts';

test('settings come before the device, the device before the person, and hub.timezone is last', () => {
  const all = { settings: 'Asia/Tokyo', device: 'Europe/Berlin', user: 'America/New_York', hub: 'Etc/UTC' };
  expect(chooseZone(all)).toEqual({ timezone: 'Asia/Tokyo', timezone_source: 'settings' });
  expect(chooseZone({ ...all, settings: undefined })).toEqual({ timezone: 'Europe/Berlin', timezone_source: 'device' });
  expect(chooseZone({ user: 'america/new_york', hub: 'UTC' })).toEqual({
    timezone: 'America/New_York',
    timezone_source: 'user',
  });
  expect(chooseZone({ hub: 'Asia/Kolkata' })).toEqual({ timezone: 'Asia/Kolkata', timezone_source: 'hub' });
});

test('a zone that the machine does not know is passed over', () => {
  expect(chooseZone({ device: 'Mars/Olympus', user: '', hub: 'Asia/Tokyo' })).toEqual({
    timezone: 'Asia/Tokyo',
    timezone_source: 'hub',
  });
  expect(chooseZone({})).toEqual({ timezone: 'UTC', timezone_source: 'hub' });
});
