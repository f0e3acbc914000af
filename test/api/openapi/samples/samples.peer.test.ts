import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlacedOperation } from '../../../../src/api/openapi/api-group.ts';
import { sampleLanguages } from '../../../../src/api/openapi/samples/languages.ts';
import { requestSample } from '../../../../src/api/openapi/samples/request-sample.ts';
import { needs } from '../../../support/needs.ts';
import type { RequirementName } from '../../../support/requirements.ts';
import { startSandboxedRelay } from '../sandboxed-relay.ts';

const run = promisify(execFile);
const KEY = 'a-key-of-the-shop';

interface Runner {
  readonly needs: readonly RequirementName[];
  readonly file: string;
  readonly command: readonly [string, ...string[]];
}

/** How a reader would run what stands in the page. */
const RUNNERS: { readonly [language: string]: Runner } = {
  curl: { needs: [], file: 'sample.sh', command: ['bash', '-euo', 'pipefail'] },
  javascript: { needs: [], file: 'sample.mjs', command: [process.execPath] },
  python: { needs: ['python-requests'], file: 'sample.py', command: ['python3'] },
  go: { needs: ['go'], file: 'sample.go', command: ['go', 'run'] },
  php: { needs: ['php'], file: 'sample.php', command: ['php'] },
  java: { needs: ['java'], file: 'Main.java', command: ['java'] },
};

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly key: string | undefined;
  readonly body: string;
}

const placed = (path: string, method: string, operation: object): PlacedOperation => ({
  ...{ path, method },
  operation: { operationId: 'x', summary: '', responses: {}, tags: [], ...operation } as PlacedOperation['operation'],
});

const takes = (type: string) => ({ requestBody: { required: true, content: { [type]: { schema: {} } } } });
const security = [{ bearer: ['push'] }];
/** What some language or shell would read otherwise, were it not written for it. */
const HOSTILE = {
  quotes: `'"\`""" ''' \\ \\n \\u0041 $HOME \${x} $(id) %s {{y}}`,
  lines: 'one\ntwo\r\nthree\ttab ',
  end: 'JSON;\nEOF\n*/ --> ]]> <?php ?> </script>',
  letters: 'ä é 😀 \u2028 \u0000 \u001b',
  numbers: [0, -1, 1.5, 1e21, 9007199254740991],
  words: [true, false, null, {}, []],
};
const CASES: readonly { readonly name: string; readonly placed: PlacedOperation; readonly value?: unknown }[] = [
  { name: 'a GET', placed: placed('/version', 'get', {}) },
  {
    name: 'a GET with a key, a path and a query',
    placed: placed('/v1/users/{user}', 'get', {
      security,
      parameters: [
        { name: 'user', in: 'path', description: '', schema: {}, example: "a b/'é'" },
        { name: 'q', in: 'query', description: '', schema: {}, example: `"x" & $y 'z'` },
      ],
    }),
  },
  { name: 'a HEAD', placed: placed('/healthz', 'head', {}) },
  { name: 'a DELETE', placed: placed('/v1/apps/shop', 'delete', { security }) },
  {
    name: 'a POST of JSON',
    placed: placed('/api/push', 'post', { security, ...takes('application/json') }),
    value: HOSTILE,
  },
  {
    name: 'a PUT of lines, with a header of its own',
    placed: placed('/v1/devices', 'put', {
      ...takes('application/x-ndjson'),
      parameters: [{ name: 'x-own', in: 'header', required: true, description: '', schema: {}, example: `it's "so"` }],
    }),
    value: `{"a": "'\\"\`$x"}\n{"b": 2} \n`,
  },
];

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

describe.each(sampleLanguages)('samples in $name', ({ id, write }) => {
  const runner = RUNNERS[id] as Runner;
  const heard: (Heard & { own: string | undefined })[] = [];
  const server = createServer((req: IncomingMessage, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (piece) => {
      body += piece;
    });
    req.on('end', () => {
      const { 'content-type': type, authorization: key, 'x-own': own } = req.headers;
      heard.push({ method: req.method, url: req.url, type, key, body, own: own as string | undefined });
      res.end('{"heard":true}');
    });
  });
  let origin = '';
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'martlet-samples-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const type = async (text: string): Promise<string> => {
    const file = join(folder, runner.file);
    writeFileSync(file, text);
    const [program, ...args] = runner.command;
    const { stdout } = await run(program, [...args, file], {
      env: { ...process.env, MARTLET_API_KEY: KEY },
      cwd: folder,
    });
    return stdout;
  };

  test.each(CASES)('$name', needs(...runner.needs), async ({ placed: operation, value }) => {
    const sample = requestSample(operation, origin, value);
    const shown = await type(write(sample));
    const [last] = heard.splice(0);
    expect(last).toMatchObject({
      method: sample.method,
      url: sample.url.slice(origin.length),
      key: sample.needsKey ? `Bearer ${KEY}` : undefined,
      own: sample.headers.find(([name]) => name === 'x-own')?.[1],
    });
    if (value !== undefined) expect(last?.type).toMatch(sample.headers[0]?.[1] as string);
    // Lines to the byte, JSON by what it says.
    if (typeof value === 'string') expect(last?.body).toBe(value);
    else expect(asJson(last?.body ?? '')).toEqual(value ?? '');
    if (sample.method !== 'HEAD') expect(shown).toContain('{"heard":true}');
  });

  test('a push of a relay’s own page', needs(...runner.needs), async () => {
    await using relay = await startSandboxedRelay();
    const push = relay.document.paths['/api/push']?.post as PlacedOperation['operation'];
    const [example] = Object.values(push.requestBody?.content['application/json']?.examples ?? {});
    const shown = await type(
      write(requestSample({ path: '/api/push', method: 'post', operation: push }, relay.url, example?.value)),
    );
    expect(shown).toContain('"success":"ok"');
  });
});

test('every sample of the description is one that its language can read', {
  ...needs('go', 'php', 'python-requests'),
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-samples-'));
  const { paths } = JSON.parse(readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8'));
  const samples = Object.entries(
    paths as { [path: string]: { [method: string]: PlacedOperation['operation'] } },
  ).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const examples = Object.values(operation.requestBody?.content ?? {}).flatMap((media) =>
        Object.values(media.examples ?? {}),
      );
      return (examples.length > 0 ? examples : [undefined]).map((example) =>
        requestSample({ path, method, operation }, 'http://localhost:8088', example?.value),
      );
    }),
  );
  expect(samples.length).toBeGreaterThan(100);
  const files = (language: string, extension: string): string[] =>
    samples.map((sample, i) => {
      const file = join(folder, `${language}-${i}.${extension}`);
      writeFileSync(file, sampleLanguages.find(({ id }) => id === language)?.write(sample) ?? '');
      return file;
    });
  const python = files('python', 'py');
  await run('python3', [
    '-c',
    'import ast, sys\nfor file in sys.argv[1:]: ast.parse(open(file).read(), file)',
    ...python,
  ]);
  const { stderr } = await run('gofmt', ['-e', '-l', ...files('go', 'go')]);
  expect(stderr).toBe('');
  // All in one: a process for each of hundreds takes long.
  const shell = join(folder, 'all.sh');
  writeFileSync(
    shell,
    files('curl', 'sh')
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n'),
  );
  await run('bash', ['-n', shell]);
  const modules = files('javascript', 'mjs').map((file) => `async () => {\n${readFileSync(file, 'utf8')}\n};`);
  writeFileSync(join(folder, 'all.mjs'), modules.join('\n'));
  await run(process.execPath, ['--check', join(folder, 'all.mjs')]);
  rmSync(folder, { recursive: true, force: true });
});
