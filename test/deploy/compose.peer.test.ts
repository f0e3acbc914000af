import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startRedis } from '../observe/stats/redis-server.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { DEPLOY } from './manifests.ts';
import { REPOSITORY } from './packed.ts';

const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
const { services } = parse(readFileSync(join(REPOSITORY, 'compose.yaml'), 'utf8'));
const config = join(DEPLOY, 'compose/martlet.yml');

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test(
  'compose.yaml is what the Compose specification describes, with several instances too',
  needs('compose-spec'),
  () => {
    for (const env of [{}, { MARTLET_PORTS: '8088-8090', MARTLET_CREDENTIALS: '/srv/keys' }]) {
      const said = execFileSync('compose-spec', ['compose.yaml'], {
        cwd: REPOSITORY,
        env: { ...process.env, ...env },
        encoding: 'utf8',
        stdio: 'pipe',
      });
      expect(Object.keys(parse(said).services)).toEqual(['grafana', 'martlet', 'prometheus', 'redis']);
    }
  },
);

test('every file that is mounted is in the repository', () => {
  const mounts: string[] = Object.values<{ volumes: string[] }>(services).flatMap(({ volumes }) => volumes);
  const paths = mounts
    .map((mount) => mount.replace(/\$\{\w+:-([^}]*)\}/, '$1').split(':')[0]!)
    .filter((path) => path.startsWith('.'));
  expect(paths.length).toBeGreaterThan(4);
  for (const path of paths) expect(existsSync(join(REPOSITORY, path)), path).toBe(true);
});

test('nothing listens beyond this machine', () => {
  const ports: string[] = Object.values<{ ports?: string[] }>(services).flatMap(({ ports = [] }) => ports);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('martlet runs on a read-only root without privileges, has time to end, and is the version of the package', () => {
  const { core } = parse(readFileSync(config, 'utf8'));
  expect(services.martlet).toMatchObject({ read_only: true, cap_drop: ['ALL'], image: `martlet:${version}` });
  expect(parseInt(services.martlet.stop_grace_period, 10)).toBeGreaterThan(
    core.shutdown_delay + core.shutdown_timeout + 10,
  );
});

test('Redis neither forgets accepted pushes at a restart nor throws them away for room', () => {
  expect(services.redis.command).toEqual(
    expect.arrayContaining(['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']),
  );
});

test("promtool check config has nothing to say about Prometheus's configuration", needs('promtool'), () => {
  const folder = emptyFolder();
  cpSync(join(DEPLOY, 'compose/prometheus.yml'), join(folder, 'prometheus.yml'));
  cpSync(join(DEPLOY, 'prometheus/martlet.rules.yml'), join(folder, 'martlet.rules.yml'));
  const said = execFileSync('promtool', ['check', 'config', 'prometheus.yml'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  expect(said).toContain('SUCCESS');
});

test('Grafana finds its Prometheus and every dashboard', () => {
  const folder = join(DEPLOY, 'grafana');
  const { datasources } = parse(readFileSync(join(folder, 'provisioning/datasources/prometheus.yaml'), 'utf8'));
  expect(datasources[0].url).toBe('http://prometheus:9090');
  const { providers } = parse(readFileSync(join(folder, 'provisioning/dashboards/martlet.yaml'), 'utf8'));
  expect(services.grafana.volumes).toContain(`./deploy/grafana:${providers[0].options.path}:ro`);
  const dashboards = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(dashboards.length).toBeGreaterThan(0);
});

test(
  'with this configuration a push goes through Redis to the sandbox, and Redis keeps its count',
  needs('redis-server'),
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const folder = emptyFolder();
    const port = await freePort();
    // What the network of compose does for the name `redis`.
    const names = { MARTLET_QUEUE_REDIS_ADDR: redis.addr, MARTLET_STAT_REDIS_ADDR: redis.addr };
    const env = { ...process.env, ...names, MARTLET_CORE_ADDRESS: '127.0.0.1', MARTLET_CORE_PORT: String(port) };
    const child = spawn(process.execPath, [join(REPOSITORY, 'src/main.ts'), '-c', config], {
      cwd: folder,
      env,
      stdio: 'pipe',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    onTestFinished(() => void child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${port}`;
    const status = () =>
      fetch(`${url}/readyz`).then(
        (answer) => answer.status,
        () => (child.exitCode === null ? 0 : output),
      );
    await expect.poll(status).toBe(200);
    const note = { tokens: ['a1b2c3d4'.repeat(8)], title: 'hello', message: 'hi' };
    const notifications = [
      { ...note, platform: 1, topic: 'com.example' },
      { ...note, platform: 3 },
    ];
    const body = JSON.stringify({ notifications });
    expect((await fetch(`${url}/api/push`, { method: 'POST', body })).status).toBe(200);
    const count = async () => (await fetch(`${url}/api/stat/app`)).json();
    await expect.poll(count).toMatchObject({ ios: { push_success: 1 }, huawei: { push_success: 1 } });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  },
);
