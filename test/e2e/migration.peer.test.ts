import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fencedBlocks } from '../docs/blocks.ts';
import { freePort } from '../support/free-port.ts';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const blocks = fencedBlocks('docs/migrating-from-gorush.md');

const folder = mkdtempSync(join(tmpdir(), 'martlet-migration-'));
let sandbox: Sandbox;
let port: number;
let shell: ChildProcess;
let output = '';

/** Runs a block in the one shell of the reader of the page; returns what it printed. */
async function run(script: string): Promise<string> {
  const end = `--- end ${Math.random()} ---`;
  const from = output.length;
  shell.stdin?.write(`${script.replaceAll('localhost:8088', `127.0.0.1:${port}`)}\necho; echo '${end}'\n`);
  while (!output.includes(end, from)) {
    if (shell.exitCode !== null) throw new Error(`the shell ended: ${output.slice(from)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return output.slice(from, output.indexOf(end, from)).trim();
}

/** `martlet` as it is called on the page; what serves is led to the sandbox, what only looks is left as it is. */
const wrapper = ({ apns, fcm, credentials }: Sandbox): string => `#!/bin/sh
if [ "$1" != check ]; then
  export MARTLET_CORE_PORT=${port} MARTLET_CORE_ADDRESS=127.0.0.1 MARTLET_CORE_CA_PATH=ca.pem GORUSH_LOG_ACCESS_LEVEL=error
  export MARTLET_IOS_ENDPOINT=${apns.production} MARTLET_ANDROID_ENDPOINT=${fcm}
  export GORUSH_IOS_KEY_ID=${credentials.apns.keyId} GORUSH_IOS_TEAM_ID=${credentials.apns.teamId}
fi
exec '${process.execPath}' '${MAIN}' "$@"
`;

beforeAll(async () => {
  sandbox = await startSandbox();
  port = await freePort();
  const file = (name: string, text: string, mode = 0o600) => writeFileSync(join(folder, name), text, { mode });
  file('martlet', wrapper(sandbox), 0o700);
  file('AuthKey_ABC123DEFG.p8', sandbox.credentials.apns.p8);
  file('firebase.json', JSON.stringify(sandbox.credentials.fcm));
  file('ca.pem', sandbox.ca);
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder };
  shell = spawn('sh', [], { cwd: folder, env, detached: true });
  for (const stream of [shell.stdout, shell.stderr]) stream?.on('data', (chunk) => (output += chunk));
});

afterAll(async () => {
  if (shell.pid) process.kill(-shell.pid, 'SIGKILL');
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** `…` on the page stands for anything. */
const pattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .trim()
      .split('…')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.+')}$`,
  );

const wildcards = (value: unknown): unknown => {
  if (value === '…') return expect.any(String);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wildcards);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, wildcards(child)]));
};

let place = 0;

/** The text of the next block of the page. */
function next(language: string): string {
  const block = blocks[place++];
  expect(block?.language).toBe(language);
  return block?.text as string;
}

const json = async (script: string) => JSON.parse(await run(script));

// Each test takes the next blocks of the page.
describe('the page for those who come from Gorush, read from top to bottom', () => {
  test('1. martlet check says of the example what the page says', async () => {
    writeFileSync(join(folder, 'config.yml'), next('yaml'));
    const said = await run(next('sh'));
    expect(said).toMatch(pattern(next('text')));
    expect(await run('martlet check -c config.yml >/dev/null; echo $?')).toBe('0');
  });

  test('2. the old server is left when it is idle', async () => {
    // Its place is taken by ours: same API, same pid file.
    await run('martlet -c config.yml & until martlet -c config.yml --ping; do sleep 0.1; done');
    await run(`${next('sh')}wait`);
    expect(existsSync(join(folder, 'gorush.pid'))).toBe(false);
  });

  test('3. the changed deployment is YAML, patient and writes where it may', () => {
    const { spec } = parse(
      next('diff')
        .replaceAll(/^-.*\n/gm, '')
        .replaceAll(/^[+ ]/gm, ''),
    );
    const { containers, terminationGracePeriodSeconds } = spec.template.spec;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(30);
    const [{ env, volumeMounts }] = containers;
    const path = env.find(({ name }: { name: string }) => name === 'MARTLET_QUEUE_LOCAL_PATH').value;
    expect(path.startsWith(volumeMounts[0].mountPath)).toBe(true);
  });

  test('3. the server starts, and a push arrives', async () => {
    await run(next('sh'));
    expect(await json(next('sh'))).toEqual(wildcards(JSON.parse(next('json'))));
    expect(sandbox.deliveries().map(({ body }) => body)).toEqual(['Hello from Martlet', 'Hello from Martlet']);
  });

  test('4. counters are there, and old ones can be added to them', async () => {
    const stat = next('sh');
    const shown = JSON.parse(next('json'));
    expect(await json(stat)).toEqual(shown);
    const sql = next('sql');
    const db = new DatabaseSync(join(folder, /in (\S+)/.exec(sql)?.[1] as string));
    db.exec(sql);
    db.close();
    expect(await json(stat)).toMatchObject({ total_count: 120_003, ios: { push_success: 70_001, push_error: 300 } });
  });

  test('5. it ends when its queue is empty, and leaves the way back free', async () => {
    await run(next('sh'));
    expect(existsSync(join(folder, 'gorush.pid'))).toBe(false);
    expect(await run('martlet -c config.yml --ping; echo $?')).toBe('1');
    await run(next('sh'));
    expect(existsSync(join(folder, 'bolt.db'))).toBe(false);
  });

  test('and no example is left out', () => {
    expect(blocks.slice(place)).toEqual([]);
  });
});
