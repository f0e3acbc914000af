import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { createDnsResolve, type Resolve } from '../../src/outbound/dns-resolve.ts';

const A = 1;
const AAAA = 28;
const HEADER_BYTES = 12;
const NAME_ERROR = 3;

/** Bytes of each address of a type; `nothing`: no such name; `silent`: no answer at all. */
type Zone = { readonly [type: number]: readonly (readonly number[])[] | 'nothing' | 'silent' };

/** A name server (RFC 1035) that says the same about every name. */
async function resolveWith(zone: Zone): Promise<Resolve> {
  const server = createSocket('udp4');
  server.on('message', (query, peer) => {
    const nameEnd = query.indexOf(0, HEADER_BYTES) + 1;
    const type = query.readUInt16BE(nameEnd);
    const found = zone[type] ?? [];
    if (found === 'silent') return;
    const records = found === 'nothing' ? [] : found;
    const answer = Buffer.concat([
      query.subarray(0, nameEnd + 4),
      ...records.map((bytes) =>
        Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]),
      ),
    ]);
    answer.writeUInt16BE(0x8180 | (found === 'nothing' ? NAME_ERROR : 0), 2);
    answer.writeUInt16BE(records.length, 6);
    answer.writeUInt32BE(0, 8);
    server.send(answer, peer.port, peer.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return createDnsResolve({ servers: [`127.0.0.1:${server.address().port}`], timeoutMs: 100 });
}

const v6 = [0x26, 0x06, 0x47, 0, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x11];

test('all addresses of both families are told', async () => {
  const resolve = await resolveWith({
    [A]: [
      [1, 2, 3, 4],
      [10, 0, 0, 1],
    ],
    [AAAA]: [v6],
  });
  expect(await resolve('hook.example')).toEqual([
    { address: '1.2.3.4', family: 4 },
    { address: '10.0.0.1', family: 4 },
    { address: '2606:4700:4700::1111', family: 6 },
  ]);
});

test('one family is enough, whatever is wrong with the other', async () => {
  expect(await (await resolveWith({ [AAAA]: [v6] }))('hook.example')).toHaveLength(1);
  expect(await (await resolveWith({ [A]: [[1, 2, 3, 4]], [AAAA]: 'silent' }))('hook.example')).toHaveLength(1);
});

test('no address is an error with a code of DNS', async () => {
  const missing = await resolveWith({ [A]: 'nothing', [AAAA]: 'nothing' });
  await expect(missing('hook.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  const silent = await resolveWith({ [A]: 'silent', [AAAA]: 'silent' });
  await expect(silent('hook.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
});
