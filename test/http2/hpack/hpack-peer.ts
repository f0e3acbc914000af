/** HPACK as others wrote it: hpack.js, an implementation that shares nothing with ours. */
import { createRequire } from 'node:module';

interface Field {
  name: string;
  value: string;
  neverIndex?: boolean;
}

interface Codec {
  on(event: 'error', listener: (error: Error) => void): void;
  write(input: Buffer | Field[]): void;
  execute(): void;
  read(): unknown;
  updateTableSize(size: number): void;
}

const hpack = createRequire(import.meta.url)('hpack.js') as {
  compressor: { create(options: object): Codec };
  decompressor: { create(options: object): Codec };
};

export type Headers = [name: string, value: string][];

/** Decodes blocks of one connection in order. Throws on an invalid one. */
export function peerDecoder(maxTable = 4096): (block: Buffer) => Headers {
  const codec = hpack.decompressor.create({ table: { maxSize: maxTable } });
  let failed: Error | undefined;
  codec.on('error', (error) => {
    failed = error;
  });
  return (block) => {
    codec.write(block);
    codec.execute();
    if (failed) throw failed;
    const headers: Headers = [];
    for (let field = codec.read() as Field | null; field; field = codec.read() as Field | null) {
      headers.push([field.name, field.value]);
    }
    return headers;
  };
}

/** Encodes blocks of one connection, with a dynamic table and Huffman strings as hpack.js likes. */
export function peerEncoder(maxTable = 4096): (headers: Headers) => Buffer {
  const codec = hpack.compressor.create({ table: { maxSize: maxTable } });
  return (headers) => {
    codec.write(headers.map(([name, value]) => ({ name, value })));
    const parts: Buffer[] = [];
    for (let part = codec.read() as Buffer | null; part; part = codec.read() as Buffer | null) parts.push(part);
    return Buffer.concat(parts);
  };
}
