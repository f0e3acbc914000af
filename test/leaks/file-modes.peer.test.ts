import { randomBytes } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRelay } from '../e2e/running-relay.ts';

/** Those that the test itself writes, and what a process id is no secret of. */
const OTHERS = new Set(['AuthKey.p8', 'fcm.json', 'ca.pem', 'config.yml', 'martlet.pid']);

test('every file that a relay makes is for its owner only, whatever umask it has', async () => {
  const overlay = {
    core: { pid: { enabled: true, path: 'martlet.pid', override: true }, feedback_hook_url: 'http://127.0.0.1:9/' },
    apps: { path: 'data/apps.db' },
    stat: { engine: 'sqlite', sqlite: { path: 'data/stats.db' } },
    log: { access_log: 'logs/access.log', error_log: 'logs/error.log', audit: 'logs/audit.log', access_level: 'info' },
  };
  const env = { MARTLET_MASTER_KEY: randomBytes(32).toString('base64') };
  await using relay = await startRelay(overlay, {}, undefined, { before: 'umask 000; mkdir -p data logs', env });
  const request = await fetch(`${relay.url}/v1/apps/acme`, {
    method: 'PUT',
    body: JSON.stringify({ default_topic: 'a' }),
  });
  expect(request.status).toBe(201);
  await relay.push({ platform: 1, topic: 'a', tokens: ['dead0410'.repeat(8), 'good'.repeat(16)] });
  await expect
    .poll(async () => ((await relay.get('/api/stat/app')) as { total_count: number }).total_count)
    .toBeGreaterThan(1);
  const made = () => globSync('**/*', { cwd: relay.folder, exclude: (name) => OTHERS.has(name) }).sort();
  const files = () => made().filter((name) => statSync(join(relay.folder, name)).isFile());
  await expect.poll(() => files().join()).toMatch(/apps\.db.*stats\.db.*history\.db.*audit\.log.*queue\.db/);
  const open = files().filter((name) => (statSync(join(relay.folder, name)).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});
