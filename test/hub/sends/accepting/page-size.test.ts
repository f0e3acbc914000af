import { expect, test } from 'vitest';
import type { NotificationDoc } from '../../../../src/hub/notifications/notification-doc.ts';
import { isForFew, pageFor } from '../../../../src/hub/sends/accepting/page-size.ts';
import { audienceOf } from '../../../../src/hub/sends/audience/audience.ts';

const notification = (users: number, bytes: number): NotificationDoc => ({
  ...{ type: 'x', priority: 'high', data: { text: 'x'.repeat(bytes) } },
  to: { users: Array.from({ length: users }, (_, index) => `u${index}`) },
});
const isFew = (doc: NotificationDoc): boolean => isForFew(doc, audienceOf(doc));

test('a small notification goes to a whole page of people at once', () => {
  expect(pageFor(notification(0, 1000), 500)).toBe(500);
  expect(isFew(notification(499, 1000))).toBe(true);
  expect(isFew(notification(500, 1000))).toBe(false);
  // Whom it is for is written once.
  expect(pageFor(notification(20_000, 1000), 500)).toBe(500);
});

test('a large one to as many as there are copies in four megabytes, and to one at least', () => {
  expect(pageFor(notification(0, 250_000), 500)).toBe(16);
  expect(isFew(notification(16, 250_000))).toBe(true);
  expect(isFew(notification(17, 250_000))).toBe(false);
  expect(pageFor(notification(0, 5_000_000), 500)).toBe(1);
  expect(isFew(notification(4, 1_000_000))).toBe(true);
});
