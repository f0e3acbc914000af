import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../../src/sandbox/certificates.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';
import { atRate, Client } from '../client.ts';
import { RelayProcess } from '../relay-process.ts';
import { brokenPromises, type Result, type Scenario, type Size } from '../scenario.ts';
import { settle } from '../settle.ts';
import { startPeer } from '../start-peer.ts';
import { queuedIn, tallyOf } from '../tally.ts';
import { Counts, liveTarget } from '../targets.ts';

const SIZES = { small: 3000, full: 100_000 } as const;

const configOf = (folder: string, port: number): string => `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  log_format push '$request_uri $status';
  access_log ${folder}/access.log push;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    keepalive_requests 100;
    location / { return 200; }
  }
}`;

interface Nginx {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly port: number;
  readonly ca: string;
}

async function startNginx(): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-nginx-'));
  const authority = makeAuthority();
  const { cert, key } = authority.leaf(['localhost', '127.0.0.1']);
  const port = await freePort();
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'nginx.conf'), configOf(folder, port));
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  await until(() => isOpen(port), 'nginx listens');
  return { child, folder, port, ca: authority.ca };
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('close', () => resolve(false));
    setTimeout(() => socket.destroy(), 500);
  });

/** Pushes that nginx answered 200, by its access log. */
function delivered({ folder }: Nginx): Counts {
  const counts = new Counts();
  for (const line of readFileSync(join(folder, 'access.log'), 'utf8').split('\n')) {
    const [uri = '', status] = line.split(' ');
    if (status === '200') counts.add(uri.slice('/3/device/'.length));
  }
  return counts;
}

async function run(seed: number, size: Size): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-chaos-'));
  const [peer, nginx] = await Promise.all([startPeer(seed), startNginx()]);
  const ios = { endpoint: `https://127.0.0.1:${nginx.port}` };
  const relay = await RelayProcess.start({ peer, folder, config: { ios }, extraCa: nginx.ca });
  const client = new Client(relay.url);
  try {
    let index = 0;
    const targets = (count: number) => Array.from({ length: count }, () => ({ index, target: liveTarget(index++) }));
    await atRate(SIZES[size] / 100, 100, () => client.post([targets(100)]), 8);
    const count = async (queued?: ReadonlySet<number>) =>
      tallyOf(client, { ...(await peer.read()), delivered: delivered(nginx).snapshot() }, queued);
    await settle(relay, count);
    const exitCode = await relay.end();
    const tally = await count(queuedIn(relay.queuePath));
    const broken = brokenPromises(tally, { duplicates: 0 });
    if (exitCode !== 0) broken.push(`SIGTERM ended it with ${exitCode}`);
    return { tally, broken };
  } finally {
    await client.close();
    await relay.end('SIGKILL');
    await peer.close();
    nginx.child.kill('SIGKILL');
    for (const path of [folder, nginx.folder]) rmSync(path, { recursive: true, force: true });
  }
}

/** A real HTTP/2 server that closes each connection, in order, after a hundred requests. */
export const nginxGoAway: Scenario = {
  name: 'GOAWAY every 100 requests by nginx',
  requires: ['nginx'],
  run,
};
