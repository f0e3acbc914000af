import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commandFor } from '../../../scripts/packages/cpu.ts';
import { startSandbox } from '../../../src/providers/start-sandbox.ts';
import { SANDBOX_KEYS } from '../../../src/webpush/sandbox/browser-keys.ts';
import { freePort } from '../../support/free-port.ts';
import { needs } from '../../support/needs.ts';
import { bare, emptyFolder, fileOf, makePackages, post, REPOSITORY, serve, version } from './packages.ts';

const SAYS = `GoRush v1.22.0, Commit: martlet ${version}\n`;
const CONFIG = `sandbox: {enabled: true}
core: {address: 127.0.0.1, port: "PORT", sync: true}
ios: {enabled: true}
`;
const push = {
  notifications: [{ platform: 1, tokens: ['a1b2c3d4'.repeat(8)], topic: 'com.example', message: 'hi' }],
};

describe('the packages', needs('linux', 'package registry', 'dpkg-deb', 'rpmbuild'), () => {
  let made: string;
  let executable: string;
  beforeAll(() => {
    made = mkdtempSync(join(tmpdir(), 'martlet-made-'));
    makePackages(made, '--cpu', process.arch);
    execFileSync('tar', ['-xzf', fileOf(made, '.tar.gz'), '-C', made]);
    executable = join(made, `martlet-${version}-linux-${process.arch}`, 'martlet');
  }, 900_000);
  afterAll(() => made && rmSync(made, { recursive: true, force: true }));

  const run = (...words: string[]) => {
    const folder = emptyFolder();
    const { status, stdout, stderr } = spawnSync(executable, words, {
      cwd: folder,
      env: bare(folder),
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  test('the executable says its version on a machine without Node, with no warning', () => {
    expect(run('--version')).toEqual({ status: 0, stdout: SAYS, stderr: '' });
  });

  test('it has no path of the machine that made it', () => {
    expect(spawnSync('grep', ['-c', '-F', REPOSITORY, executable], { encoding: 'utf8' }).stdout).toBe('0\n');
  });

  test('martlet check reads a configuration, and fails on an unknown key', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'good.yml'), CONFIG.replace('PORT', '8088'));
    writeFileSync(join(folder, 'bad.yml'), 'ios: {enabeld: true}\n');
    expect(run('check', '-c', join(folder, 'good.yml'))).toMatchObject({ status: 0, stderr: '' });
    const bad = run('check', '-c', join(folder, 'bad.yml'));
    expect(bad).toMatchObject({ status: 1, stdout: expect.stringContaining('enabeld') });
  });

  test('the configuration that comes with it lacks a provider and nothing else, and says which keys have one', () => {
    const said = run('check', '-c', join(executable, '../config.yml'));
    expect(said).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^ios\.enabled: .*set one of ios\.enabled.*\n$/),
    });
    const folder = emptyFolder();
    const text = readFileSync(join(executable, '../config.yml'), 'utf8');
    writeFileSync(join(folder, 'config.yml'), `${text}\nsandbox: {enabled: true}\n`);
    expect(run('check', '-c', join(folder, 'config.yml'))).toMatchObject({ status: 0, stderr: '' });
  });

  test('it delivers a push, serves its pages and ends in order', async () => {
    const relay = await serve(executable, CONFIG);
    expect(await post(`${relay.url}/api/push`, push)).toMatchObject({ success: 'ok', logs: [] });
    const guides = ['/docs/guides', '/docs/guides/hub/api', '/docs/images/console-light.png', '/docs/gorush.proto'];
    for (const path of ['/console', '/docs', '/docs/search.js', ...guides, '/openapi.json', '/metrics'])
      expect([path, (await fetch(relay.url + path)).status]).toEqual([path, 200]);
    expect(await relay.stop()).toBe(0);
  });

  test('with two processes both serve, and one that is lost is replaced', async () => {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const ca = join(emptyFolder(), 'ca.pem');
    writeFileSync(ca, sandbox.ca);
    const { settings } = sandbox.providers.get('ios')!;
    const config = {
      core: { address: '127.0.0.1', port: 'PORT', sync: true, processes: 2, ca_path: ca },
      ios: { enabled: true, production: true, ...settings },
    };
    const relay = await serve(executable, JSON.stringify(config));
    const workers = (): string[] =>
      execFileSync('ps', ['--ppid', String(relay.child.pid), '-o', 'pid='], { encoding: 'utf8' })
        .trim()
        .split(/\s+/);
    // One that ends before it has served ends the start.
    await expect.poll(relay.output).toContain('2 workers serve');
    const before = workers();
    expect(before).toHaveLength(2);
    expect(await post(`${relay.url}/api/push`, push)).toMatchObject({ success: 'ok', logs: [] });
    expect(sandbox.delivered()).toBe(1);
    process.kill(Number(before[0]), 'SIGKILL');
    await expect.poll(() => workers().filter((pid) => !before.includes(pid))).toHaveLength(1);
    expect(await relay.stop()).toBe(0);
  });

  test('threads of its own run: Web Push is encrypted, and what is left of a person in the file of the hub is erased', async () => {
    const relay = await serve(executable, `${CONFIG}web: {enabled: true}\nhub: {enabled: true}\n`);
    const subscription = { endpoint: 'https://fcm.googleapis.com/fcm/send/one', keys: SANDBOX_KEYS };
    const web = { notifications: [{ platform: 'web', subscriptions: [subscription], message: 'hi' }] };
    expect(await post(`${relay.url}/api/push`, web)).toMatchObject({ counts: 1, logs: [] });
    await post(`${relay.url}/v1/notifications`, { id: 'n1', to: { users: ['ada'] }, title: 'x' });
    const told = async (): Promise<string> => (await fetch(`${relay.url}/v1/notifications/n1`)).text();
    await expect.poll(told).toContain('"delivered"');
    const { status } = await fetch(`${relay.url}/v1/users/ada`, { method: 'DELETE' });
    expect([200, 204]).toContain(status);
    expect(await relay.stop()).toBe(0);
    expect(relay.output()).not.toMatch(/ (?:ERROR|FATAL) /);
  });

  test('gRPC is served', async () => {
    const port = await freePort();
    const relay = await serve(executable, `${CONFIG}grpc: {enabled: true, port: "${port}"}\n`);
    // biome-ignore lint/suspicious/noExplicitAny: classes that are made of the file
    const { proto } = loadPackageDefinition(loadSync(join(REPOSITORY, 'docs/gorush.proto'))) as any;
    const client = new proto.Gorush(`127.0.0.1:${port}`, credentials.createInsecure());
    const reply = await new Promise((resolve) => {
      client.Send({ ...push.notifications[0], title: 'hi' }, (error: unknown, value: unknown) =>
        resolve(error ?? value),
      );
    });
    client.close();
    expect(reply).toMatchObject({ success: true, counts: 1 });
    expect(await relay.stop()).toBe(0);
  });

  test(
    'the package for Debian is installed, keeps its configuration in an upgrade, and is removed',
    needs('overlayfs', 'systemd-analyze'),
    () => {
      const deb = fileOf(made, '.deb');
      const script = join(emptyFolder(), 'install.sh');
      writeFileSync(
        script,
        `dpkg --install /martlet.deb
martlet --version
stat -c '%U %G %a' /etc/gorush/config.yml
systemd-analyze verify /usr/lib/systemd/system/martlet.service
setpriv --reuid martlet --regid martlet --clear-groups sh -c 'cd /tmp && HOME=/tmp martlet check' || true
echo '# ours' >> /etc/gorush/config.yml
dpkg --install /martlet.deb
tail -1 /etc/gorush/config.yml
stat -c '%U %G %a' /etc/gorush/config.yml
dpkg --remove martlet
[ ! -e /usr/bin/martlet ]
tail -1 /etc/gorush/config.yml
dpkg --purge martlet
[ ! -e /etc/gorush ]
[ ! -e /usr/share/doc/martlet ]
getent passwd martlet
`,
      );
      // This machine's file system below one that is thrown away.
      const root = emptyFolder();
      const mount = `mount -t tmpfs tmpfs ${root}; mkdir ${root}/upper ${root}/work ${root}/root
mount -t overlay overlay -o lowerdir=/,upperdir=${root}/upper,workdir=${root}/work ${root}/root
mount -t proc proc ${root}/root/proc; mount --rbind /dev ${root}/root/dev
cp ${deb} ${root}/root/martlet.deb; cp ${script} ${root}/root/install.sh
exec chroot ${root}/root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -eu /install.sh`;
      const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'bash', '-euc', mount], { encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
      const lines = stdout.split('\n');
      expect(lines).toContain(SAYS.trim());
      for (const line of ['root martlet 640', '# ours'])
        expect([line, lines.filter((other) => other === line).length]).toEqual([line, 2]);
      // The service reads it, and says what is missing.
      expect(stdout).toMatch(/^ios\.enabled: .*\[\/etc\/gorush\/config\.yml:\d+:\d+\]$/m);
      expect(stdout).toMatch(/^martlet:x:\d+:\d+::\/var\/lib\/martlet:\/usr\/sbin\/nologin$/m);
    },
  );

  test(
    'the package for RPM has the same files, keeps its configuration, and its executable runs',
    needs('cpio'),
    () => {
      const rpm = fileOf(made, '.rpm');
      const query = (...words: string[]) =>
        execFileSync('rpm', ['-qp', ...words, rpm], { encoding: 'utf8' }).split('\n');
      expect(query('-l')).toEqual(
        expect.arrayContaining([
          '/usr/bin/martlet',
          '/usr/lib/systemd/system/martlet.service',
          '/usr/share/doc/martlet/copyright',
          '/usr/share/doc/martlet/docs/configuration.md',
        ]),
      );
      expect(query('--configfiles')).toEqual(['/etc/gorush/config.yml', '']);
      expect(query('--scripts').join('\n')).toContain('useradd --system');
      const folder = emptyFolder();
      execFileSync('sh', ['-ec', `rpm2cpio ${rpm} | cpio --extract --make-directories --quiet`], { cwd: folder });
      expect(execFileSync(join(folder, 'usr/bin/martlet'), ['--version'], { encoding: 'utf8' })).toBe(SAYS);
      expect(statSync(join(folder, 'etc/gorush/config.yml')).mode & 0o777).toBe(0o640);
    },
  );
});

describe('the executable for arm64', needs('linux', 'package registry', 'arm64 by QEMU'), () => {
  test('says its version', () => {
    const folder = emptyFolder();
    makePackages(folder, '--cpu', 'arm64', '--kind', 'tar');
    execFileSync('tar', ['-xzf', fileOf(folder, '.tar.gz'), '-C', folder]);
    const [program, ...words] = commandFor('arm64', join(folder, `martlet-${version}-linux-arm64`, 'martlet'))!;
    expect(execFileSync(program, [...words, '--version'], { encoding: 'utf8' })).toBe(SAYS);
  }, 900_000);
});
