import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openLogFile } from '../../../src/observe/log/sink.ts';
import { needs } from '../../support/needs.ts';

const LINE = `${'x'.repeat(1023)}\n`;
const KIB_WRITTEN = 4096;

test(
  'an audit log that nothing takes holds up nothing: beyond 1 MiB lines are lost, which is told',
  needs('linux'),
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'martlet-slow-audit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'audit');
    execFileSync('mkfifo', [path]);
    // A pipe holds 64 KiB, then a write to it waits.
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const told: string[] = [];
    const log = openLogFile('audit', path, (trouble) => told.push(trouble));
    for (let line = 0; line < KIB_WRITTEN; line++) {
      log.write(LINE);
      await nextTurn();
    }
    expect(told.length).toBeGreaterThan(KIB_WRITTEN / 2);
    expect(new Set(told)).toEqual(new Set([`the log file ${path} cannot be written: too much text waits for it`]));
    // What waited is written once it is taken.
    const buffer = Buffer.alloc(65_536);
    let read = 0;
    await expect
      .poll(() => {
        try {
          read += readSync(reader, buffer);
        } catch {
          // Nothing is there at this moment.
        }
        return read;
      })
      .toBe((KIB_WRITTEN - told.length) * 1024);
    expect(read).toBeGreaterThan(900 * 1024);
    log.close();
    closeSync(reader);
  },
);
