/**
 * As much of D-Bus as a desktop's notification service needs (https://dbus.freedesktop.org/doc/dbus-specification.html): messages in
 * little endian, with texts, numbers and lists of texts in them.
 */

export const CALL = 1;
export const RETURN = 2;
export const SIGNAL = 4;

const FIELDS = { path: 1, interface: 2, member: 3, reply: 5, destination: 6, sender: 7, signature: 8 } as const;
type FieldName = keyof typeof FIELDS;
const TYPES: Readonly<Record<FieldName, string>> = {
  ...{ path: 'o', interface: 's', member: 's', reply: 'u' },
  ...{ destination: 's', sender: 's', signature: 'g' },
};

/** What stands before the length of the fields. */
const FIXED = 12;

export type Fields = { readonly [name in FieldName]?: string | number };

export interface Message {
  readonly type: number;
  readonly serial: number;
  readonly fields: Fields;
  readonly body: WireReader;
}

const padding = (length: number, to: number): number => (to - (length % to)) % to;

export class WireWriter {
  #parts: Buffer[] = [];
  #length = 0;

  align(to: number): this {
    return this.#add(Buffer.alloc(padding(this.#length, to)));
  }

  byte(value: number): this {
    return this.#add(Buffer.of(value));
  }

  number(value: number): this {
    this.align(4);
    const four = Buffer.alloc(4);
    four.writeUInt32LE(value);
    return this.#add(four);
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    return this.number(bytes.length).#add(bytes).byte(0);
  }

  signature(value: string): this {
    return this.byte(value.length).#add(Buffer.from(value)).byte(0);
  }

  texts(values: readonly string[]): this {
    const list = new WireWriter();
    for (const value of values) list.text(value);
    const bytes = list.bytes();
    return this.number(bytes.length).#add(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(bytes: Buffer): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}

export class WireReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  align(to: number): void {
    this.#at += padding(this.#at, to);
  }

  get at(): number {
    return this.#at;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  number(): number {
    this.align(4);
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  text(length = this.number()): string {
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length + 1;
    return text;
  }

  texts(): string[] {
    const end = this.number() + this.#at;
    const all: string[] = [];
    while (this.#at < end) all.push(this.text());
    return all;
  }
}

export function messageBytes(type: number, serial: number, fields: Fields, body: Buffer): Buffer {
  const list = new WireWriter();
  for (const [name, value] of Object.entries(fields) as [FieldName, string | number][]) {
    const signature = TYPES[name];
    list.align(8).byte(FIELDS[name]).signature(signature);
    if (typeof value === 'number') list.number(value);
    else if (signature === 'g') list.signature(value);
    else list.text(value);
  }
  const written = list.bytes();
  const head = new WireWriter().byte('l'.charCodeAt(0)).byte(type).byte(0).byte(1);
  const before = Buffer.concat([head.number(body.length).number(serial).number(written.length).bytes(), written]);
  return Buffer.concat([before, Buffer.alloc(padding(before.length, 8)), body]);
}

/** The first message in these bytes, and its length; undefined: it is not all there. */
export function readMessage(bytes: Buffer): { readonly message: Message; readonly length: number } | undefined {
  if (bytes.length < FIXED + 4) return undefined;
  const bodyLength = bytes.readUInt32LE(4);
  const fieldsEnd = FIXED + 4 + bytes.readUInt32LE(FIXED);
  const start = fieldsEnd + padding(fieldsEnd, 8);
  const length = start + bodyLength;
  if (bytes.length < length) return undefined;
  const reader = new WireReader(bytes, FIXED + 4);
  const fields: Record<string, string | number> = {};
  while (reader.at < fieldsEnd) {
    reader.align(8);
    const code = reader.byte();
    const signature = reader.text(reader.byte());
    const value = signature === 'u' ? reader.number() : signature === 'g' ? reader.text(reader.byte()) : reader.text();
    const name = Object.entries(FIELDS).find(([, number]) => number === code)?.[0];
    if (name) fields[name] = value;
  }
  // Within a body places count from its beginning.
  const body = new WireReader(Buffer.from(bytes.subarray(start, length)));
  return { message: { type: bytes.readUInt8(1), serial: bytes.readUInt32LE(8), fields, body }, length };
}
