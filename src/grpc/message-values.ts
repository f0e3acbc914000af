/** What a field of a message holds: another message, or something that is not looked into. */
interface Shape {
  readonly [field: number]: Shape;
}

/** google.protobuf.Struct and those within it, which are within each other. */
const VALUE: Record<number, Shape> = {};
const STRUCT: Shape = { 1: { 2: VALUE } };
const LIST: Shape = { 1: VALUE };
VALUE[5] = STRUCT;
VALUE[6] = LIST;

/** `data` and `extra`. */
const REQUEST: Shape = { 14: STRUCT, 1000: STRUCT };

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** Bytes of a varint. */
const LONGEST_VARINT = 10;
/** The decoder refuses what is nested deeper. */
const MOST_MESSAGES = 400;

/** Reads the bytes of a message one by one. */
class Wire {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Its low 31 bits are enough: no message is longer. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < LONGEST_VARINT; i++) {
      const byte = this.#bytes[this.at++] ?? 0;
      if (i < 5) value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) break;
    }
    return value & 0x7fff_ffff;
  }

  /** Passes over a field that is not looked into. False when there is no such type. */
  skip(type: number): boolean {
    if (type === VARINT) this.varint();
    else if (type === FIXED64) this.at += 8;
    else if (type === FIXED32) this.at += 4;
    else return false;
    return true;
  }
}

/**
 * Whether a proto.NotificationRequest has more fields than `most`, those of all values in it counted: two bytes of the message may
 * become an object of a hundred. A message that is malformed may pass: the decoder refuses it.
 */
export function holdsMoreValues(bytes: Uint8Array, most: number): boolean {
  // A field has two bytes at least.
  if (bytes.length <= 2 * most) return false;
  const wire = new Wire(bytes);
  const open: { readonly end: number; readonly shape: Shape }[] = [{ end: bytes.length, shape: REQUEST }];
  for (let found = 0; open.length > 0 && open.length < MOST_MESSAGES; ) {
    const { end, shape } = open.at(-1) as (typeof open)[0];
    if (wire.at >= end) {
      open.pop();
      continue;
    }
    if (++found > most) return true;
    const tag = wire.varint();
    const inner = shape[tag >>> 3];
    if ((tag & 7) !== BYTES) {
      if (!wire.skip(tag & 7)) return false;
      continue;
    }
    const length = wire.varint();
    if (inner) open.push({ end: wire.at + length, shape: inner });
    else wire.at += length;
  }
  return false;
}
