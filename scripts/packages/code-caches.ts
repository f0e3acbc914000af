import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What it does meanwhile is what the caches are for: it starts, sends a push each to Apple and Google, and ends. */
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
 * V8's code caches of what runs while a relay starts and sends: without them each start compiles it again.
 * @param command an executable that records: start.cjs @param folder to be made
 * @returns assets of the executable that is shipped
 */
export async function recordCodeCaches(
  [program, ...args]: readonly [string, ...string[]],
  folder: string,
): Promise<Record<string, string>> {
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
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
  return Object.fromEntries(names.map((name) => [`cache/${name}`, join(folder, name)]));
}
