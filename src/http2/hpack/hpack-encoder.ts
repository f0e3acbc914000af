import type { RequestHeader } from '../http2-pool.ts';
import { FIRST_DYNAMIC, staticTable } from './hpack-static-table.ts';
import { encodeHuffman, huffmanLength } from './huffman-encoder.ts';

/** We never use more than this, however much the peer allows. */
const TABLE_SIZE = 4096;
const ENTRY_OVERHEAD = 32;

interface Entry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
}

/**
 * An HPACK encoder (RFC 7541). It writes blocks that are sent many times, so what counts is `revision`: a block may be sent
 * again as it is only while the revision is the one that it was *started* at. A block that put a header into the
 * dynamic table must be sent exactly once, and one that was written but cannot be sent is made good by `forget`.
 */
export class HpackEncoder {
  revision = 0;

  /** Oldest first; `#dropped` were evicted before the first one. */
  #entries: Entry[] = [];
  #dropped = 0;
  /** By name and value: how many entries had been inserted before this one. */
  readonly #sequence = new Map<string, Map<string, number>>();
  #size = 0;
  #maxSize = TABLE_SIZE;
  /** Table sizes to announce at the start of the next block: the smallest since the last block, and the present one. */
  #announceSmallest = TABLE_SIZE;
  #announce = false;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(size: number): void {
    const maxSize = Math.min(size, TABLE_SIZE);
    if (maxSize === this.#maxSize) return;
    this.#maxSize = maxSize;
    this.#announceSmallest = this.#announce ? Math.min(this.#announceSmallest, maxSize) : maxSize;
    this.#announce = true;
    this.revision++;
    this.#evictDownTo(maxSize);
  }

  /** Empties the table on both sides with the next block: for when a block that changed it was not sent. */
  forget(): void {
    this.#evictDownTo(0);
    this.#announceSmallest = 0;
    this.#announce = true;
    this.revision++;
  }

  /** Table size updates that must precede the first header of a block. */
  begin(out: number[]): void {
    if (!this.#announce) return;
    this.#announce = false;
    this.revision++;
    if (this.#announceSmallest < this.#maxSize) encodeInteger(this.#announceSmallest, 5, 0x20, out);
    encodeInteger(this.#maxSize, 5, 0x20, out);
  }

  encode(header: RequestHeader, out: number[]): void {
    const { name, value } = header;
    const known = staticIndex.get(name);
    const index = known?.values.get(value) ?? this.#dynamicIndex(name, value);
    if (index > 0) {
      encodeInteger(index, 7, 0x80, out);
      return;
    }
    const nameIndex = known?.index ?? 0;
    if (header.indexing === 'index' && this.#insert(name, value)) encodeInteger(nameIndex, 6, 0x40, out);
    else encodeInteger(nameIndex, 4, header.indexing === 'secret' ? 0x10 : 0, out);
    if (nameIndex === 0) encodeString(name, out);
    encodeString(value, out);
  }

  #dynamicIndex(name: string, value: string): number {
    const sequence = this.#sequence.get(name)?.get(value);
    return sequence === undefined ? 0 : FIRST_DYNAMIC + this.#dropped + this.#entries.length - 1 - sequence;
  }

  /** False when the header is too large for the table: inserting it would only empty it. */
  #insert(name: string, value: string): boolean {
    const size = Buffer.byteLength(name) + Buffer.byteLength(value) + ENTRY_OVERHEAD;
    if (size > this.#maxSize) return false;
    this.revision++;
    this.#evictDownTo(this.#maxSize - size);
    let values = this.#sequence.get(name);
    if (!values) {
      values = new Map();
      this.#sequence.set(name, values);
    }
    values.set(value, this.#dropped + this.#entries.length);
    this.#entries.push({ name, value, size });
    this.#size += size;
    return true;
  }

  #evictDownTo(room: number): void {
    while (this.#size > room) {
      const oldest = this.#entries.shift()!;
      this.#dropped++;
      this.#size -= oldest.size;
      const values = this.#sequence.get(oldest.name)!;
      values.delete(oldest.value);
      if (values.size === 0) this.#sequence.delete(oldest.name);
    }
  }
}

interface StaticName {
  readonly index: number;
  readonly values: Map<string, number>;
}

const staticIndex = new Map<string, StaticName>();
for (const [at, [name, value]] of staticTable.entries()) {
  const known = staticIndex.get(name) ?? { index: at + 1, values: new Map<string, number>() };
  staticIndex.set(name, known);
  known.values.set(value, at + 1);
}

/** RFC 7541 section 5.1; `pattern` are the bits above the prefix. */
export function encodeInteger(value: number, prefixBits: number, pattern: number, out: number[]): void {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    out.push(pattern | value);
    return;
  }
  out.push(pattern | most);
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

/** A string literal: Huffman when that is shorter. */
export function encodeString(text: string, out: number[]): void {
  const bytes = Buffer.from(text, 'utf8');
  const compressed = huffmanLength(bytes);
  if (compressed < bytes.length) {
    encodeInteger(compressed, 7, 0x80, out);
    encodeHuffman(bytes, out);
  } else {
    encodeInteger(bytes.length, 7, 0, out);
    for (const byte of bytes) out.push(byte);
  }
}
