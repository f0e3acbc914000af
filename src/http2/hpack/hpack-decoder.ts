import { ConnectionError } from '../connection-error.ts';
import { FIRST_DYNAMIC, staticTable } from './hpack-static-table.ts';
import { decodeHuffman } from './huffman-decoder.ts';

export interface HeaderSink {
  onHeader(name: string, value: string): void;
}

/** What we advertise (by silence) as SETTINGS_HEADER_TABLE_SIZE. */
export const DECODER_TABLE_SIZE = 4096;
/** RFC 7541 section 4.1. */
const ENTRY_OVERHEAD = 32;
/** Every entry costs at least 32 bytes, so a full table has 128 of them: a power of two, for the ring. */
const RING = DECODER_TABLE_SIZE / ENTRY_OVERHEAD;

const staticNames = staticTable.map(([name]) => name);
const staticValues = staticTable.map(([, value]) => value);

const broken = (message: string): ConnectionError => new ConnectionError('COMPRESSION_ERROR', message);

/**
 * An HPACK decoder (RFC 7541) with its dynamic table. One block at a time, always to its end: the state belongs to the
 * connection, so a block must be decoded even when its headers are not needed.
 */
export class HpackDecoder {
  /**
   * Changes whenever the dynamic table does. A block that left it as it was decodes to the same headers as long as the
   * revision stays: that makes results cacheable.
   */
  revision = 0;

  readonly #maxListSize: number;
  readonly #names: string[] = new Array(RING).fill('');
  readonly #values: string[] = new Array(RING).fill('');
  /** Entries ever inserted; the newest is at `(#inserted - 1) % RING`. */
  #inserted = 0;
  #count = 0;
  #size = 0;
  #maxSize = DECODER_TABLE_SIZE;
  #at = 0;
  #end = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #scratch = Buffer.allocUnsafeSlow(1024);

  /** `maxListSize`: the most that names, values and 32 a header may add up to (RFC 9113 section 6.5.2). */
  constructor(maxListSize: number) {
    this.#maxListSize = maxListSize;
  }

  /** Decodes `bytes[start, end)`, one whole header block. Throws ConnectionError. */
  decode(bytes: Buffer, start: number, end: number, sink: HeaderSink): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    let listSize = 0;
    let first = true;
    while (this.#at < end) {
      const byte = bytes[this.#at]!;
      if ((byte & 0xe0) === 0x20) {
        if (!first) throw broken('a table size update after a header');
        this.#resize(this.#integer(0x1f));
        continue;
      }
      first = false;
      listSize += this.#header(byte, bytes, sink);
      if (listSize > this.#maxListSize) {
        throw new ConnectionError('ENHANCE_YOUR_CALM', `headers of more than ${this.#maxListSize} bytes`);
      }
    }
  }

  /** One header field; returns its size. */
  #header(byte: number, bytes: Buffer, sink: HeaderSink): number {
    let name: string;
    let value: string;
    if (byte & 0x80) {
      const index = this.#integer(0x7f);
      if (index > 0 && index < FIRST_DYNAMIC) {
        name = staticNames[index - 1]!;
        value = staticValues[index - 1]!;
      } else {
        const slot = this.#slot(index);
        name = this.#names[slot]!;
        value = this.#values[slot]!;
      }
    } else {
      const indexing = (byte & 0x40) !== 0;
      const index = this.#integer(indexing ? 0x3f : 0x0f);
      if (index === 0) name = this.#string(bytes);
      else name = index < FIRST_DYNAMIC ? staticNames[index - 1]! : this.#names[this.#slot(index)]!;
      value = this.#string(bytes);
      if (indexing) this.#insert(name, value);
    }
    sink.onHeader(name, value);
    return name.length + value.length + ENTRY_OVERHEAD;
  }

  #slot(index: number): number {
    const age = index - FIRST_DYNAMIC;
    if (age < 0 || age >= this.#count) throw broken(`no header has index ${index}`);
    return (this.#inserted - 1 - age) & (RING - 1);
  }

  #insert(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.revision++;
    this.#evictDownTo(this.#maxSize - size);
    if (size > this.#maxSize) return;
    const slot = this.#inserted++ & (RING - 1);
    this.#names[slot] = name;
    this.#values[slot] = value;
    this.#count++;
    this.#size += size;
  }

  #evictDownTo(room: number): void {
    while (this.#size > room && this.#count > 0) {
      const slot = (this.#inserted - this.#count) & (RING - 1);
      this.#size -= this.#names[slot]!.length + this.#values[slot]!.length + ENTRY_OVERHEAD;
      this.#count--;
      this.#names[slot] = '';
      this.#values[slot] = '';
    }
  }

  #resize(size: number): void {
    if (size > DECODER_TABLE_SIZE) throw broken(`a dynamic table of ${size} bytes`);
    this.revision++;
    this.#maxSize = size;
    this.#evictDownTo(size);
  }

  /** RFC 7541 section 5.1. Four continuation bytes reach 2^28, more than anything that we accept. */
  #integer(mask: number): number {
    const prefix = this.#bytes[this.#at++]! & mask;
    if (prefix < mask) return prefix;
    let value = mask;
    for (let shift = 0; shift < 28; shift += 7) {
      if (this.#at >= this.#end) throw broken('a header block that ends inside an integer');
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken('an integer of more than 28 bits');
  }

  #string(bytes: Buffer): string {
    if (this.#at >= this.#end) throw broken('a header block that ends before a string');
    const huffman = (bytes[this.#at]! & 0x80) !== 0;
    const length = this.#integer(0x7f);
    const start = this.#at;
    if (length > this.#end - start) throw broken('a string longer than its header block');
    this.#at = start + length;
    if (!huffman) return bytes.toString('latin1', start, start + length);
    if (this.#scratch.length < length * 1.6) this.#scratch = Buffer.allocUnsafeSlow(length * 2);
    return this.#scratch.toString('latin1', 0, decodeHuffman(bytes, start, start + length, this.#scratch));
  }
}
