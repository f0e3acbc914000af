import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openHubStore } from '../../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';

const TEXT = 1_000_000;
/** More than a log of 32 MiB. */
const LONG = 40;

async function storeIn() {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-store-'));
  const path = join(folder, 'hub.db');
  const warnings: string[] = [];
  const store = await openHubStore({
    ...{ path, postgres: '', master: undefined },
    tell: (level, message) => level === 'warn' && warnings.push(message),
  });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, path, store, warnings, logBytes: () => statSync(`${path}-wal`).size };
}

async function fill(store: HubStore, rows: number, mark = ''): Promise<void> {
  for (let row = 0; row < rows; row++) {
    const value = `${mark}${row}`.repeat(TEXT).slice(0, TEXT);
    await store.write((tx) =>
      tx
        .insertInto('meta')
        .values({ key: `row ${row}`, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute(),
    );
  }
}

test('what was deleted is in no file, after its log was moved, and while it is being moved', async () => {
  const { folder, store } = await storeIn();
  const found = (): string[] =>
    readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes('canary'));
  for (let turn = 0; turn < 2; turn++) {
    await fill(store, LONG, 'canary');
    expect(found()).not.toEqual([]);
    const deleted = store.write((tx) => tx.deleteFrom('meta').where('key', 'like', 'row %').execute());
    // The COMMIT after which the log is moved is that of the deletion.
    await Promise.all([deleted, deleted.then(() => store.scrub())]);
    expect(found()).toEqual([]);
  }
});

test('a file that was moved away is not made once more: one warning says what stands still, and the log stays short', async () => {
  const { path, store, warnings, logBytes } = await storeIn();
  renameSync(path, `${path}.away`);
  await fill(store, 4 * LONG);
  expect({ warnings, isLong: logBytes() > 1.5 * LONG * TEXT, files: readdirSync(join(path, '..')) }).toEqual({
    warnings: [expect.stringContaining('on the event loop, which stands still meanwhile')],
    isLong: false,
    files: expect.not.arrayContaining(['hub.db']),
  });
  renameSync(`${path}.away`, path);
});
