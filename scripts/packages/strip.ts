import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Takes symbols and what debuggers read off a program, a quarter of Node: what strip(1) does, for any processor. They are at the end
 * of the file, behind all that is loaded (64-bit ELF, little endian: https://gabi.xinuos.com/elf/02-eheader.html).
 */
export function strip(program: string): void {
  const bytes = readFileSync(program);
  if (bytes.readUInt32BE(0) !== 0x7f454c46) throw new Error(`${program} is no ELF file`);
  const [headers, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  let end = 0;
  for (let at = headers; at < headers + size * count; at += size)
    end = Math.max(end, Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32)));
  // No table of sections any more: loaders do not look at it.
  bytes.fill(0, 40, 48).fill(0, 58, 64);
  writeFileSync(program, bytes.subarray(0, end));
}
