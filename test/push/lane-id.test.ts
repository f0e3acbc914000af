import { expect, test } from 'vitest';
import { laneId } from '../support/lane-id.ts';

test('ids of the same parts have the same key, and any other part gives another', () => {
  const other = [{ app: 'acme' }, { provider: 'fcm' }, { environment: 'development' }, { partition: 'a' }] as const;
  expect(laneId().key).toBe(laneId().key);
  expect(new Set([laneId(), ...other.map(laneId)].map(({ key }) => key)).size).toBe(5);
});

test('a lane reads as its app, provider and environment, and as its partition where it has one', () => {
  expect(`${laneId()}`).toBe('default/apns/production');
  expect(`${laneId({ partition: 'push.example.com' })}`).toBe('default/apns/production/push.example.com');
});
