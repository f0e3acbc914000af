import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newMasterKey } from '../apps/store/self-service-relay.ts';
import { startRelay } from '../e2e/running-relay.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

const DISK_BYTES = 64 * 2 ** 20;
const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' });

/** A file system of its own, which does what one does when its disk fails: it becomes read-only under those who use it. */
function failingDisk() {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-disk-'));
  const image = join(folder, 'image');
  const place = join(folder, 'place');
  mkdirSync(place);
  const file = openSync(image, 'w');
  ftruncateSync(file, DISK_BYTES);
  closeSync(file);
  run('mkfs.ext4', '-q', image);
  const mount = (): unknown => run('mount', '-o', 'loop,errors=remount-ro', image, place);
  mount();
  onTestFinished(() => {
    run('umount', '-l', place);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    place,
    /** https://docs.kernel.org/admin-guide/abi-testing.html, `trigger_fs_error` */
    fail(): void {
      const device = basename(run('losetup', '-j', image).split(':')[0] as string);
      if (!/^loop\d+$/.test(device)) throw new Error(`no loop device: ${device}`);
      writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
    },
    repair(): void {
      run('umount', place);
      // 1: errors were corrected.
      run('bash', '-c', `e2fsck -fy ${image} || test $? -le 1`);
      mount();
    },
  };
}

const TOKEN = 'a1b2c3d4'.repeat(8);
const push = { platform: 1, topic: 'com.example.app', tokens: [TOKEN], message: 'x' };

test(
  'a disk that becomes read-only under queue, history, counters and apps: new pushes get 503, the process lives, and what was accepted is delivered afterwards',
  needs('loop devices'),
  async () => {
    const disk = failingDisk();
    const at = (name: string): { path: string } => ({ path: join(disk.place, name) });
    const nowhere = `https://127.0.0.1:${await freePort()}`;
    await using relay = await startRelay(
      {
        ios: { endpoint: nowhere },
        queue: { local: { ...at('queue.db'), sync: 'full' } },
        history: at('history.db'),
        apps: at('apps.db'),
        stat: { engine: 'sqlite', sqlite: at('stat.db') },
      },
      {},
      undefined,
      { env: { MARTLET_MASTER_KEY: newMasterKey() } },
    );
    const { p8, keyId, teamId } = relay.sandbox.credentials.apns;
    const ios = { key_base64: Buffer.from(p8).toString('base64'), key_type: 'p8', key_id: keyId, team_id: teamId };
    const putApp = async (): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ ios });
      return (await fetch(`${relay.url}/v1/apps/acme`, { method: 'PUT', body, headers })).status;
    };
    const statusOf = async (path: string): Promise<number> => (await fetch(relay.url + path)).status;
    const accepted = 5;
    for (let i = 0; i < accepted; i++) expect((await relay.push(push)).status).toBe(200);

    disk.fail();
    for (let i = 0; i < 20; i++) expect((await relay.push(push)).status).toBe(503);
    expect(await statusOf('/readyz')).toBe(503);
    expect(await statusOf('/healthz')).toBe(200);
    expect(await statusOf('/metrics')).toBe(200);
    expect(await statusOf('/v1/pushes')).toBe(200);
    expect(await putApp()).toBeGreaterThanOrEqual(500);
    expect(relay.output()).toContain('cannot be written, pushes are refused');
    expect(relay.output()).not.toContain('nothing handles');
    expect(relay.child.exitCode).toBeNull();

    relay.child.kill('SIGKILL');
    await relay.ended();
    disk.repair();
    const config = join(relay.folder, 'config.yml');
    writeFileSync(config, readFileSync(config, 'utf8').replace(nowhere, relay.sandbox.apns.production));
    await relay.restart();
    await until(() => relay.sandbox.delivered() >= accepted, 'what was accepted is delivered');
    expect((await relay.push(push)).status).toBe(200);
    expect(await putApp()).toBe(201);
  },
);
