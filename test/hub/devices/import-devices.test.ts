import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Devices } from '../../../src/hub/devices/devices.ts';
import { importDevices } from '../../../src/hub/devices/import-devices.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { change, phone } from '../directory.ts';

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

/** Writes a page when it is told to. */
function pagesOf(engine: 'sqlite' | 'postgres') {
  const given: PromiseWithResolvers<object>[] = [];
  const seal = { hash: (_kind: string, _app: string, text: string) => text };
  const reading = new Devices({ store: { seal }, providers: builtIn, sectionOf: () => undefined } as never);
  const devices = {
    engine,
    readRow: reading.readRow.bind(reading),
    importRows() {
      const writing = Promise.withResolvers<object>();
      given.push(writing);
      return writing.promise;
    },
    imported: async () => {},
  };
  return { given, devices: devices as never };
}

async function* pages(count: number, read: (page: number) => void): AsyncGenerator<Buffer> {
  for (let page = 0; page < count; page++) {
    const rows = Array.from({ length: 500 }, (_, at) => JSON.stringify({ id: `${page}-${at}`, ...phone(at) }));
    read(page);
    yield Buffer.from(`${rows.join('\n')}\n`);
  }
}

test.each([
  { engine: 'sqlite', together: 2 },
  { engine: 'postgres', together: 1 },
] as const)(
  'while pages are written the next one is read, on $engine $together at a time',
  async ({ engine, together }) => {
    const { given, devices } = pagesOf(engine);
    let read = 0;
    const importing = importDevices(
      devices,
      change,
      pages(5, () => read++),
    ).next();
    const settled = async () => {
      for (let turns = 0; turns < 50; turns++) await turn();
      return { given: given.length, read };
    };
    for (let page = 0; page < 5; page++) {
      expect(await settled()).toEqual({
        given: Math.min(page + together, 5),
        read: Math.min(page + together + 1, 5),
      });
      given[page]?.resolve({ moved: 1, rotated: 2 });
    }
    expect(await importing).toEqual({ done: true, value: { imported: 2500, moved: 5, rotated: 10, failed: 0 } });
  },
);

test('an import ends where a page cannot be written, once those that were given after it are over', async () => {
  const { given, devices } = pagesOf('sqlite');
  let isOver = false;
  const importing = importDevices(
    devices,
    change,
    pages(5, () => {}),
  )
    .next()
    .finally(() => {
      isOver = true;
    });
  const failing = expect(importing).rejects.toThrow('the disk is full');
  for (let turns = 0; turns < 50; turns++) await turn();
  given[0]?.reject(new Error('the disk is full'));
  for (let turns = 0; turns < 50; turns++) await turn();
  expect([given.length, isOver]).toEqual([2, false]);
  given[1]?.reject(new Error('and this one, too'));
  await failing;
});
