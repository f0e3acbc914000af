import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isObject } from '../../src/kit/is-object.ts';
import { freePort } from '../support/free-port.ts';
import { listening } from '../support/listening.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'martlet-guides-'));

const GUIDES = {
  'register-devices': 4,
  'quiet-hours': 4,
  'on-call': 5,
  'task-reminders': 3,
  digests: 4,
  'from-onesignal': 3,
  'from-novu': 4,
  'from-fcm': 3,
};

/** A block of commands, and what the last of them answers. */
interface Sample {
  readonly commands: string;
  readonly answer?: unknown;
}

const samplesOf = (name: string): Sample[] => {
  const page = readFileSync(join(root, 'docs/hub', `${name}.md`), 'utf8');
  return [...page.matchAll(/^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```$)?/gms)].map(([, commands = '', answer]) => ({
    commands,
    ...(answer === undefined ? {} : { answer: JSON.parse(answer) as unknown }),
  }));
};

/** Texts of `…` stand for any. */
function expected(shown: unknown): unknown {
  if (shown === '…') return expect.any(String);
  // What a list shows is among what it has.
  if (Array.isArray(shown)) return expect.arrayContaining(shown.map(expected));
  if (!isObject(shown)) return shown;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, expected(value)])),
  );
}

let relay: ChildProcess;
let port = 0;

beforeAll(async () => {
  port = await freePort();
  const env = {
    ...process.env,
    GORUSH_CORE_PORT: String(port),
    GORUSH_CORE_ADDRESS: '127.0.0.1',
    MARTLET_QUEUE_LOCAL_PATH: join(data, 'queue.db'),
  };
  relay = spawn(process.execPath, [join(root, 'src/main.ts'), '-c', join(root, 'config.yml')], {
    cwd: data,
    env,
    stdio: 'ignore',
  });
  symlinkSync(join(root, 'examples'), join(data, 'examples'));
  await until(() => listening(port));
});

afterAll(() => {
  relay.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

/** As a reader pastes them into a shell; each command has to succeed. @returns the last answer */
async function paste(commands: string): Promise<unknown> {
  const url = `127.0.0.1:${port}`;
  const script = [
    'set -e',
    'curl() { command curl -sS --fail-with-body "$@"; echo; }',
    `relay=http://${url}; json='content-type: application/json'`,
    commands.replaceAll('localhost:8088', url),
  ].join('\n');
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const { stdout } = await run('bash', ['-o', 'pipefail', '-c', script], { cwd: data, env: { ...process.env, PATH } });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** What only asks may be asked again, until it has what the page shows. */
const asks = (line: string): boolean => /^curl "?\$relay/.test(line) && !line.includes(' -d ');

describe.each(Object.entries(GUIDES))('docs/hub/%s.md', (name, count) => {
  test('shows commands that work, and what they answer', async () => {
    const samples = samplesOf(name);
    expect(samples.filter(({ answer }) => answer !== undefined)).toHaveLength(count);
    for (const { commands, answer } of samples) {
      const first = await paste(commands);
      if (answer === undefined) continue;
      const last = commands.trimEnd().split('\n').at(-1) as string;
      if (!asks(last)) expect(first).toEqual(expected(answer));
      else await expect.poll(() => paste(last)).toEqual(expected(answer));
    }
  });
});
