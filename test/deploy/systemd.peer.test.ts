import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { coreSection } from '../../src/config/core-section.ts';
import { needs } from '../support/needs.ts';
import { DEPLOY } from './manifests.ts';

const unit = readFileSync(join(DEPLOY, 'systemd/martlet.service'), 'utf8');
const setting = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

/** The unit with a program that is there on this machine. */
function unitFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'martlet.service');
  writeFileSync(file, unit.replace(/^ExecStart=.*$/m, `ExecStart=${process.execPath}`));
  return file;
}

test('systemd-analyze verify has nothing to say', needs('systemd-analyze'), () => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unitFile()], { encoding: 'utf8' });
  expect([status, stdout + stderr]).toEqual([0, '']);
});

test('its exposure is low by the measure of systemd-analyze security', needs('systemd-analyze'), () => {
  const args = ['security', '--offline=true', '--threshold=20', '--no-pager', unitFile()];
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  expect([status, stderr], stdout).toEqual([0, '']);
});

test('the queue file is in the state folder, which is kept', () => {
  expect(setting('StateDirectory')).toBe('martlet');
  expect(setting('WorkingDirectory')).toBe('%S/martlet');
});

test('it is given longer to stop than the process takes by default, and its workers are left to it', () => {
  const { shutdown_timeout, shutdown_delay } = coreSection.properties;
  const longest = Number(shutdown_timeout.default) + Number(shutdown_delay.default);
  expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(longest + 15);
  expect(setting('KillMode')).toBe('mixed');
});

test('memory may be made executable, as V8 needs it', () => {
  expect(setting('MemoryDenyWriteExecute')).toBe(undefined);
});
