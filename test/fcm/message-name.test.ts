import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageNameIn } from '../../src/fcm/message-name.ts';

const nameIn = (text: string): string | undefined => {
  const bytes = Buffer.from(`..${text}..`);
  return messageNameIn(bytes, 2, bytes.length - 2);
};

test.each([
  '{"name":"projects/p/messages/1"}',
  '{\n  "name": "projects/p/messages/1"\n}\n',
  ' {\t"name"\r\n:"projects/p/messages/1" } ',
])('the name is found whatever stands between the parts: %j', (text) => {
  expect(nameIn(text)).toBe('projects/p/messages/1');
});

test.each([
  '',
  '{}',
  '{"name":""}',
  '{"name":"a"',
  '{"name":"a',
  '"name":"a"}',
  '{"name":"a"}}',
  '{"name":"a","b":1}',
  '{"name":1}',
  '{"nome":"a"}',
  '{"name":"a\\u0041"}',
  '{"name":"a b"}',
  '{"name":"é"}',
])('anything else is for JSON: %j', (text) => {
  expect(nameIn(text)).toBeUndefined();
});

test('what is found is what JSON says', () => {
  const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/);
  const parts = fc.array(fc.oneof(space, fc.constantFrom('{', '}', '"name"', ':', '"a/b"', '"', ',', '\\', 'x')));
  fc.assert(
    fc.property(
      fc.oneof(
        parts.map((some) => some.join('')),
        fc.string(),
      ),
      (text) => {
        const found = nameIn(text);
        if (found !== undefined) expect(JSON.parse(text)).toEqual({ name: found });
      },
    ),
  );
});
