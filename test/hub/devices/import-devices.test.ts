import { expect, test } from 'vitest';
import { importDevices } from '../../../src/hub/devices/import-devices.ts';
import { change } from '../directory.ts';

test('others have their turn while thirty thousand lines of one chunk are read, and hear of them in pieces', async () => {
  const LINES = 30_000;
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from('0\n'.repeat(LINES));
  }
  let turns = 0;
  let isOver = false;
  const look = (): void => {
    turns++;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const devices = { imported: async () => {} } as never;
  let told = 0;
  for await (const faults of importDevices(devices, change, chunks())) {
    expect(faults.length).toBeLessThanOrEqual(500);
    told += faults.length;
  }
  isOver = true;
  expect(told).toBe(LINES);
  expect(turns).toBeGreaterThan(5);
});
