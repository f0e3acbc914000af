import { describe, expect, it } from 'vitest';
import { gorushProto } from '../../src/grpc/gorush-proto.ts';
import { holdsMoreValues } from '../../src/grpc/message-values.ts';
import { parseProto } from '../../src/grpc/proto-file.ts';

const { root } = parseProto('gorush.proto', gorushProto());
const request = root.lookupType('proto.NotificationRequest');
const encode = (message: object): Buffer => Buffer.from(request.encode(request.fromObject(message)).finish());

const list = (count: number, value: object) => ({ list_value: { values: Array(count).fill(value) } });
const inData = (value: object) => ({ data: { fields: { a: value } } });
const nested = (levels: number): object =>
  levels === 0 ? { null_value: 0 } : { list_value: { values: [nested(levels - 1)] } };

describe('values of a gRPC message', () => {
  it.each([
    ['nulls', inData(list(1000, { null_value: 0 }))],
    ['empty values', inData(list(1000, {}))],
    ['empty structs', inData(list(1000, { struct_value: {} }))],
    ['lists in lists', inData(list(500, list(1, {})))],
    ['keys', { extra: { fields: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`k${i}`, {}])) } }],
    ['tokens', { tokens: Array(1100).fill('') }],
  ])('%s beyond the limit are found before anything is made of them', (_, message) => {
    expect(holdsMoreValues(encode(message), 1000)).toBe(true);
    expect(holdsMoreValues(encode(message), 3000)).toBe(false);
  });

  it('texts are not looked into, however many bytes they have', () => {
    expect(
      holdsMoreValues(
        encode({ message: 'x'.repeat(100_000), ...inData({ string_value: '\n\0'.repeat(50_000) }) }),
        100,
      ),
    ).toBe(false);
  });

  it('a message that is malformed is left to the decoder, and none takes long', () => {
    for (const bytes of [
      Buffer.alloc(1_000_000, 0xff),
      Buffer.alloc(1_000_000, 0x0f),
      Buffer.concat([Buffer.from([0x72, 0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.alloc(1_000_000, 0x0a)]),
      encode(inData(nested(20))),
    ])
      expect(() => holdsMoreValues(bytes, 10)).not.toThrow();
  });
});
