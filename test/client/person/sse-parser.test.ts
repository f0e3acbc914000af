import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SseMessage, SseParser } from '../../../src/client/person/sse-parser.ts';

const parse = (...parts: string[]): SseMessage[] => {
  const parser = new SseParser();
  return parts.flatMap((part) => parser.push(part));
};

describe('server-sent events, as the standard reads them', () => {
  test.each<[string, string, SseMessage[]]>([
    ['an event with an id and a name', 'id: 7\nevent: a.b\ndata: x\n\n', [{ event: 'a.b', data: 'x', id: '7' }]],
    ['lines of data are joined', 'data: a\ndata:  b\ndata\n\n', [{ event: 'message', data: 'a\n b\n', id: '' }]],
    ['comments and unknown fields say nothing', ': hi\nnope: 1\ndata:x\n\n', [{ event: 'message', data: 'x', id: '' }]],
    [
      'without data there is no event, but the id counts',
      'id: 1\n\ndata: x\n\n',
      [{ event: 'message', data: 'x', id: '1' }],
    ],
    ['an id with a NUL does not count', 'id: 1\0\ndata: x\n\n', [{ event: 'message', data: 'x', id: '' }]],
    ['what has no end does not count', 'data: x\n\ndata: y\n', [{ event: 'message', data: 'x', id: '' }]],
    ['a byte order mark before all is skipped', '\uFEFFdata: x\n\n', [{ event: 'message', data: 'x', id: '' }]],
    ['every line end is one', 'data: x\r\n\r\ndata: y\r\r', [{ event: 'message', data: 'x', id: '' }]],
  ])('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test('retry: is heard where it is a number', () => {
    const heard: number[] = [];
    const parser = new SseParser((ms) => heard.push(ms));
    parser.push('retry: 3000\n:\n\nretry: soon\nretry:10\n');
    expect(heard).toEqual([3000, 10]);
  });

  test('wherever a stream is cut, the same events come', () => {
    const line = fc.constantFrom('data: x', 'data:', 'id: 5', 'event: e', ': c', 'retry: 9', '', '');
    const lines = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 30 });
    fc.assert(
      fc.property(lines, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (all, sizes) => {
        const text = `${all.map((pair) => pair.join('')).join('')}data: end\n\n`;
        const parts: string[] = [];
        for (let at = 0; at < text.length; ) {
          const size = sizes.next().value as number;
          parts.push(text.slice(at, at + size));
          at += size;
        }
        expect(parse(...parts)).toEqual(parse(text));
      }),
    );
  });
});
