import { describe, expect, test } from 'vitest';
import { ntfyMessage } from '../../src/ntfy/payload.ts';
import type { Notification } from '../../src/push/push.ts';

const message = (fields: object, app = 'default') =>
  JSON.parse(JSON.stringify(ntfyMessage({ tokens: [], platform: 6, ...fields } as Notification, app)));

test('fields of the request become those of ntfy', () => {
  expect(
    message({
      title: 'Disk',
      message: 'full',
      image: 'https://example.com/i.png',
      url: 'https://example.com',
      actions: [{ title: 'Open', url: 'https://example.com/a' }, { title: 'no address' }],
    }),
  ).toEqual({
    fields: {
      title: 'Disk',
      message: 'full',
      icon: 'https://example.com/i.png',
      click: 'https://example.com',
      actions: [{ action: 'view', label: 'Open', url: 'https://example.com/a' }],
    },
  });
});

test('of more than three actions the first three go out', () => {
  const actions = ['a', 'b', 'c', 'd'].map((title) => ({ title, url: `https://example.com/${title}` }));
  const { fields } = message({ message: 'hi', actions });
  expect(fields.actions.map(({ label }: { label: string }) => label)).toEqual(['a', 'b', 'c']);
});

test.each([
  ['low', 2],
  ['normal', 3],
  ['medium', 3],
  ['High', 4],
  ['critical', 5],
  ['', undefined],
  ['constructor', undefined],
])('priority %s', (priority, expected) => {
  expect(message({ priority }).fields.priority).toBe(expected);
});

test("the provider's own object goes over the others, and holds no topic", () => {
  const own = { priority: 1, tags: ['skull'], markdown: true, topic: 'other', email: 'me@example.com', call: 'yes' };
  expect(message({ message: 'hi', priority: 'high', ntfy: own })).toEqual({
    fields: { message: 'hi', priority: 1, tags: ['skull'], markdown: true },
  });
});

describe('a collapse id', () => {
  test('that is a sequence id is used as it is', () => {
    expect(message({ message: 'hi', collapse_id: 'order-7' })).toMatchObject({ sequence: 'order-7' });
  });

  test('that is not one becomes a hash, the same each time and another one for each app', () => {
    const [one, same, other] = ['a', 'a', 'b'].map((app) => message({ collapse_id: 'Bestellung 7/ü' }, app).sequence);
    expect(one).toMatch(/^[-_A-Za-z0-9]{32}$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });
});

test('a message of more than 4,096 bytes is refused here, for the server would make a file of it', () => {
  expect(message({ message: 'ü'.repeat(2048) })).toHaveProperty('fields');
  expect(message({ message: `${'ü'.repeat(2048)}a` })).toMatchObject({ failed: { reason: 'PayloadTooLarge' } });
});
