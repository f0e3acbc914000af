import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '../../../src/http2/hpack/hpack-decoder.ts';
import { type Headers, peerEncoder } from './hpack-peer.ts';

function decoding(maxListSize = 65_536): (block: Buffer) => Headers {
  const decoder = new HpackDecoder(maxListSize);
  return (block) => {
    const headers: Headers = [];
    decoder.decode(block, 0, block.length, { onHeader: (name, value) => headers.push([name, value]) });
    return headers;
  };
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('RFC 7541 appendix C', () => {
  test('C.2: single fields', () => {
    expect(decoding()(hex('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'))).toEqual([
      ['custom-key', 'custom-header'],
    ]);
    expect(decoding()(hex('040c 2f73 616d 706c 652f 7061 7468'))).toEqual([[':path', '/sample/path']]);
    expect(decoding()(hex('1008 7061 7373 776f 7264 0673 6563 7265 74'))).toEqual([['password', 'secret']]);
    expect(decoding()(hex('82'))).toEqual([[':method', 'GET']]);
  });

  const get: Headers = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ];
  const requests: Headers[] = [
    get,
    [...get, ['cache-control', 'no-cache']],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ],
  ];

  test('C.3: requests without Huffman', () => {
    const decode = decoding();
    expect(decode(hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'))).toEqual(requests[0]);
    expect(decode(hex('8286 84be 5808 6e6f 2d63 6163 6865'))).toEqual(requests[1]);
    expect(decode(hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'))).toEqual(
      requests[2],
    );
  });

  test('C.4: requests with Huffman', () => {
    const decode = decoding();
    expect(decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual(requests[0]);
    expect(decode(hex('8286 84be 5886 a8eb 1064 9cbf'))).toEqual(requests[1]);
    expect(decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual(requests[2]);
  });

  const date = 'Mon, 21 Oct 2013 20:13:21 GMT';
  const rest: Headers = [
    ['cache-control', 'private'],
    ['date', date],
    ['location', 'https://www.example.com'],
  ];
  const responses: Headers[] = [
    [[':status', '302'], ...rest],
    [[':status', '307'], ...rest],
    [
      [':status', '200'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
      ['location', 'https://www.example.com'],
      ['content-encoding', 'gzip'],
      ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ],
  ];

  // Their table is of 256 bytes, so that entries are evicted; a size update at the start makes ours the same.
  const limited = '3fe101';

  test('C.5: responses without Huffman, with eviction', () => {
    const decode = decoding();
    expect(
      decode(
        hex(`${limited} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a
          3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`),
      ),
    ).toEqual(responses[0]);
    expect(decode(hex('4803 3330 37c1 c0bf'))).toEqual(responses[1]);
    expect(
      decode(
        hex(`88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738
          666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
          3630 303b 2076 6572 7369 6f6e 3d31`),
      ),
    ).toEqual(responses[2]);
  });

  test('C.6: responses with Huffman, with eviction', () => {
    const decode = decoding();
    expect(
      decode(
        hex(`${limited} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d
          29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`),
      ),
    ).toEqual(responses[0]);
    expect(decode(hex('4883 640e ffc1 c0bf'))).toEqual(responses[1]);
    expect(
      decode(
        hex(`88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7
          b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`),
      ),
    ).toEqual(responses[2]);
  });
});

// hpack.js looks names up in a plain object and stumbles over those of Object.prototype.
const token = fc.stringMatching(/^[a-z0-9-]{1,20}$/).filter((name) => !(name in {}));
const ascii = fc.string({ maxLength: 100 });
const blocks = fc.array(fc.array(fc.tuple(token, ascii), { maxLength: 12 }), { minLength: 1, maxLength: 30 });

test('what another implementation encodes decodes to the same, block after block', () => {
  fc.assert(
    fc.property(blocks, (sent) => {
      const encode = peerEncoder();
      const decode = decoding();
      for (const headers of sent) expect(decode(encode(headers as Headers))).toEqual(headers);
    }),
    { numRuns: 300 },
  );
});

test('the revision changes with the table and only with it', () => {
  const decoder = new HpackDecoder(1000);
  const revisions = ['88', '0001610162', '4001610162', 'be', '1001610162', '20', '3fe11f', '8882'].map((block) => {
    const before = decoder.revision;
    const bytes = hex(block);
    decoder.decode(bytes, 0, bytes.length, { onHeader: () => {} });
    return decoder.revision !== before;
  });
  expect(revisions).toEqual([false, false, true, false, false, true, true, false]);
});

test('an entry larger than the table empties it and is not an error', () => {
  const decode = decoding();
  decode(hex('4001610162'));
  const large = Buffer.concat([
    hex('40016200').subarray(0, 3),
    Buffer.from([0x7f, 0x81, 0x20]),
    Buffer.alloc(4224, 'x'),
  ]);
  expect(decode(large)[0]?.[1].length).toBe(4224);
  expect(() => decode(hex('be'))).toThrow('no header has index 62');
});
