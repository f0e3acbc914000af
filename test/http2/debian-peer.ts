import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { leaf } from './tls.ts';

/** Whether the program is installed; prints why its tests are skipped when it is not. */
export function installed(program: string, debianPackage: string): boolean {
  const { error } = spawnSync(program, ['--version']);
  if (!error) return true;
  console.warn(`${program} is not installed: its tests are skipped (Debian package ${debianPackage})`);
  return false;
}

export interface DebianPeer {
  readonly origin: string;
  readonly process: ChildProcess;
}

export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Certificate and key in files, and both in one. */
  readonly cert: string;
  readonly key: string;
  readonly both: string;
  write(name: string, content: string): Promise<string>;
}

/** Starts a program for one test, in a folder of its own and on a free port, and waits until it listens. */
export async function startDebianPeer(
  program: string,
  prepare: (place: Place) => Promise<readonly string[]>,
): Promise<DebianPeer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'martlet-peer-'));
  const write = async (name: string, content: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, content);
    return file;
  };
  const port = await freePort();
  const cert = await write('cert.pem', leaf.cert);
  const key = await write('key.pem', leaf.key);
  const both = await write('both.pem', `${leaf.cert}\n${leaf.key}`);
  const child = spawn(program, await prepare({ folder, port, cert, key, both, write }), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: workers must not outlive their master.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = new Promise((resolve) => {
    child.once('close', resolve);
  });
  onTestFinished(async () => {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  while (!(await listening(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { origin: `https://localhost:${port}`, process: child };
}

function freePort(): Promise<number> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
