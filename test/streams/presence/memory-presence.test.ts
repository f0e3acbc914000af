import { expect, test } from 'vitest';
import { MemoryPresence } from '../../../src/streams/presence/memory-presence.ts';

test('it is known without a question that no one is there, until someone was, and while that is remembered', async () => {
  const presence = new MemoryPresence();
  expect(presence.isEmpty).toBe(true);
  const registration = await presence.register('default/anna');
  expect(presence.isEmpty).toBe(false);
  await registration.leave();
  expect(presence.isEmpty).toBe(false);
  await presence.close();
});
