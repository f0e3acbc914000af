/** Has dist/main.js fill its compile cache (bundle-dist.ts), for an image whose files are not written to: node scripts/bundle/fill-compile-cache.ts */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { trialRun } from './trial-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'martlet-trial-'));
try {
  // Run as its first line says, with the flags of Node, which belong to the cache.
  await trialRun([resolve('dist/main.js')], join(folder, 'run'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
