import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const source = new URL('../../src/client/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'martlet-client-'));

const filesIn = (place: string): string[] => readdirSync(place, { recursive: true, encoding: 'utf8' });

/** The client as JavaScript, as the package has it. */
beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  mkdirSync(join(folder, 'person'));
  for (const file of filesIn(source.pathname).filter((name) => name.endsWith('.ts'))) {
    const code = stripTypeScriptTypes(readFileSync(new URL(file, source), 'utf8'));
    writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), code.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('needs nothing but its own files and what the web platform has', () => {
  for (const file of filesIn(folder).filter((name) => name.endsWith('.js'))) {
    const code = readFileSync(join(folder, file), 'utf8');
    for (const [, from] of code.matchAll(/\bfrom '([^']+)'/g)) expect(from).toMatch(/^\.\.?\/[\w/-]+\.js$/);
    expect(code).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(|\bglobal\./);
  }
});

test('works in whichever Node the machine has on its path', async () => {
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"counts":1,"logs":[],"request_id":"r1"}');
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const script = join(folder, 'try.js');
  writeFileSync(
    script,
    `import { createClient } from './create-client.js';
     import { createPersonClient } from './person/create-person-client.js';
     const client = createClient({ url: 'http://127.0.0.1:${port}' });
     console.log(JSON.stringify(await client.push({ platform: 1, tokens: ['a1'], message: 'hi' })));
     const me = createPersonClient({ url: 'http://127.0.0.1:${port}', user: 'ada', token: () => 't' });
     console.log(JSON.stringify(await me.readAll()));`,
  );
  // npm puts the project's own Node first; behind it stands the machine's.
  const path = (process.env.PATH ?? '')
    .split(':')
    .filter((place) => !place.includes('node_modules'))
    .join(':');
  const { stdout } = await run(
    'sh',
    ['-c', `command -v node >/dev/null && exec node ${script} || exec ${process.execPath} ${script}`],
    {
      env: { PATH: path },
    },
  );
  server.close();
  const [pushed, read] = stdout.trim().split('\n') as [string, string];
  expect(JSON.parse(pushed)).toEqual({ ok: true, requestId: 'r1', counts: 1, logs: [], warnings: [] });
  expect(JSON.parse(read)).toEqual({ ok: true, counts: 1, logs: [], request_id: 'r1' });
});
