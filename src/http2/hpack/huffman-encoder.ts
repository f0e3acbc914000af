import { codeBits, codeLength } from './huffman-codes.ts';

/** Bytes that the Huffman form of `text` takes. */
export function huffmanLength(text: Uint8Array): number {
  let bits = 0;
  for (const byte of text) bits += codeLength[byte]!;
  return (bits + 7) >> 3;
}

/** Appends the Huffman form of `text`, padded with ones. */
export function encodeHuffman(text: Uint8Array, out: number[]): void {
  // At most seven bits wait for their byte; a code has up to 30 more, so it goes in byte by byte.
  let waiting = 0;
  let bits = 0;
  for (const byte of text) {
    const code = codeBits[byte]!;
    for (let left = codeLength[byte]!; left > 0; ) {
      const take = Math.min(8 - bits, left);
      left -= take;
      waiting = (waiting << take) | ((code >>> left) & ((1 << take) - 1));
      bits += take;
      if (bits === 8) {
        out.push(waiting);
        waiting = 0;
        bits = 0;
      }
    }
  }
  if (bits > 0) out.push((waiting << (8 - bits)) | (0xff >> bits));
}
