import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const configOf = (port: number): string => `sandbox: {enabled: true}
core: {address: 127.0.0.1, port: "${port}", sync: true}
ios: {enabled: true}
android: {enabled: true}
`;
const PUSHES = {
  notifications: [1, 2].map((platform) => ({
    platform,
    tokens: ['0'.repeat(64)],
    topic: 'com.example',
    message: 'hi',
  })),
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * A relay starts, sends a push each to Apple and Google, and ends: what V8 compiles meanwhile is worth keeping.
 * @param command what serves @param folder where it does; to be made
 */
export async function trialRun([program, ...args]: readonly [string, ...string[]], folder: string): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.yml'), configOf(await freePort()));
  const child = spawn(program, [...args, '-c', 'config.yml'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    const origin = / serves (http:\S+)/.exec(line)?.[1];
    if (origin === undefined) continue;
    await fetch(`${origin}/api/push`, { method: 'POST', body: JSON.stringify(PUSHES) });
    child.kill('SIGTERM');
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}
