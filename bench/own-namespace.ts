/**
 * Other servers reach the providers by their real names only. So the bench with `--peer` runs again inside a network and mount
 * namespace of its own, where these names lead to loopback and port 443 is free: nothing can leave the machine.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

export const APNS_HOST = 'api.push.apple.com';
export const FCM_HOST = 'fcm.googleapis.com';
export const APNS_ADDRESS = '127.0.0.2';
export const FCM_ADDRESS = '127.0.0.3';

const INSIDE = 'BENCH_INSIDE';
const HOSTS = `127.0.0.1 localhost
${APNS_ADDRESS} ${APNS_HOST} api.sandbox.push.apple.com
${FCM_ADDRESS} ${FCM_HOST}
`;

export const isInside = (): boolean => process.env[INSIDE] === '1';

/** Runs this script with the same arguments inside. @returns its exit code. */
export function runInside(): number {
  const dir = mkdtempSync(join(tmpdir(), 'martlet-hosts-'));
  try {
    const hosts = join(dir, 'hosts');
    writeFileSync(hosts, HOSTS);
    const command = 'ip link set lo up && mount --bind "$0" /etc/hosts && exec "$@"';
    const { status, error } = spawnSync(
      'unshare',
      ['--net', '--mount', 'sh', '-c', command, hosts, process.execPath, ...process.argv.slice(1)],
      { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } },
    );
    if (error)
      throw new Error(
        `--peer needs unshare(1) (Debian: apt-get install util-linux iproute2) and root: ${error.message}`,
      );
    return status ?? 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
