import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { send } from './burst-of.ts';
import { startDebianPeer } from './debian-peer.ts';
import { testPool } from './test-pool.ts';

const nghttpd = (...options: string[]) =>
  startDebianPeer('nghttpd', async ({ folder, port, cert, key, write }) => {
    await mkdir(path.join(folder, 'docs'));
    for (let i = 0; i < 5; i++) await write(`docs/${i}`, `file ${i}`);
    return [...options, '-a', '127.0.0.1', '-d', path.join(folder, 'docs'), String(port), key, cert];
  });

const body = Buffer.from('{"aps":{"alert":"hello"}}');

describe('nghttpd', needs('nghttpd'), () => {
  test.each([
    ['as it is', []],
    ['with five streams', ['-m', '5']],
    ['with padding', ['-b', '200']],
    ['with tiny stream windows', ['-w', '4']],
    ['with no room in its header table', ['-c', '0']],
    ['with no header table at all on its side', ['--encoder-header-table-size', '0']],
    ['answering before the request is complete', ['--early-response']],
    ['with trailers', ['--trailer', 'x-trailer: 1']],
  ])('%s answers every request', async (_how, options) => {
    const peer = await nghttpd(...options);
    const results = await send(testPool(peer.origin, { connections: 2 }), {
      count: 5000,
      fixedBody: body,
      path: (i) => `/${i % 6}`,
      headers: [{ name: 'authorization', value: `bearer ${'t'.repeat(200)}`, indexing: 'index' }],
    });
    for (const [i, { status, body: answer, fault }] of results.entries()) {
      expect(fault).toBe(undefined);
      if (i % 6 === 5) expect(status).toBe(404);
      else expect([status, answer]).toEqual([200, `file ${i % 6}`]);
    }
  });

  test('echoes bodies of all sizes, through its windows', async () => {
    const peer = await nghttpd('--echo-upload');
    const bodies = [0, 1, 100, 16_383, 16_384, 16_385, 65_535, 65_536, 200_000].map((size) => Buffer.alloc(size, 'e'));
    const results = await send(testPool(peer.origin), {
      count: bodies.length * 4,
      body: (i) => bodies[i % 9] as Buffer,
    });
    for (const [i, { body: answer }] of results.entries()) {
      const expected = bodies[i % 9] as Buffer;
      // Without a body there is nothing to echo: it looks for a file.
      if (expected.length > 0) expect(answer?.length).toBe(expected.length);
    }
  });
});
