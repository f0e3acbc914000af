import { ConnectionError } from '../connection-error.ts';
import { codeBits, codeLength, EOS } from './huffman-codes.ts';

// A state machine that eats four bits at a time: a state is an inner node of the code tree. No code is shorter than five
// bits, so a step emits at most one symbol.
const EMITS = 0x1_0000;
const FAILS = 0x2_0000;
/** Made with the first string: a start need not wait for it. */
let machine: Machine | undefined;

/**
 * Decodes the Huffman string `bytes[start, end)` into `out` from 0 on and returns its length. `out` must hold 8/5 of the
 * input. Throws ConnectionError on EOS and on padding that is not the beginning of EOS (RFC 7541 section 5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  machine ??= buildMachine();
  const { steps, mayEnd } = machine;
  let state = 0;
  let length = 0;
  let failed = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    const high = steps[(state << 4) | (byte >> 4)]!;
    if (high & EMITS) out[length++] = high >> 8;
    const low = steps[((high & 0xff) << 4) | (byte & 15)]!;
    if (low & EMITS) out[length++] = low >> 8;
    state = low & 0xff;
    failed |= high | low;
  }
  if (failed & FAILS || !mayEnd[state]) throw new ConnectionError('COMPRESSION_ERROR', 'an invalid Huffman string');
  return length;
}

interface Machine {
  /** By `state << 4 | nibble`: next state, symbol << 8, EMITS, FAILS. */
  readonly steps: Uint32Array;
  readonly mayEnd: Uint8Array;
}

/** Children of the 256 inner nodes, two a node; a leaf is `~symbol`. */
function buildTree(): Int16Array {
  const tree = new Int16Array(512);
  let nodes = 1;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = codeLength[symbol]! - 1; bit >= 0; bit--) {
      const edge = node * 2 + ((codeBits[symbol]! >>> bit) & 1);
      if (bit === 0) tree[edge] = ~symbol;
      else if (tree[edge] === 0) tree[edge] = nodes++;
      node = tree[edge]!;
    }
  }
  return tree;
}

function buildMachine(): Machine {
  const tree = buildTree();
  const machine = { steps: new Uint32Array(256 * 16), mayEnd: new Uint8Array(256) };
  for (let state = 0; state < 256; state++) {
    for (let nibble = 0; nibble < 16; nibble++) machine.steps[(state << 4) | nibble] = walk(tree, state, nibble);
  }
  // At most seven bits of padding, all ones.
  for (let node = 0, ones = 0; ones < 8; ones++) {
    machine.mayEnd[node] = 1;
    node = tree[node * 2 + 1]!;
  }
  return machine;
}

function walk(tree: Int16Array, from: number, nibble: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    node = tree[node * 2 + ((nibble >> bit) & 1)]!;
    if (node >= 0) continue;
    const symbol = ~node;
    if (symbol === EOS) return FAILS;
    emitted = EMITS | (symbol << 8);
    node = 0;
  }
  return emitted | node;
}
