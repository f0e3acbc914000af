import { describe, expect, test } from 'vitest';
import { personDue, personRefs } from '../../../src/hub/sends/person-due.ts';

describe('timers of the people of a notification', () => {
  const isOf = (notification: string, ref: string): boolean => {
    const { from, to } = personRefs(notification);
    return ref >= from && ref < to;
  };
  const refOf = (notification: string, user: string): string => personDue('default', notification, user).ref;

  test.each(['n', 'a "quoted" one', 'back\\slash', 'ключ', '\u{1f600}', '[1,2]'])('are found by its id: %s', (id) => {
    for (const user of ['', 'ada', '"', '\u{1f600}']) expect(isOf(id, refOf(id, user))).toBe(true);
    for (const other of [`${id}-`, `${id}"`, `${id}","`, `x${id}`, id.slice(0, -1)])
      expect(isOf(id, refOf(other, 'ada'))).toBe(false);
  });
});
