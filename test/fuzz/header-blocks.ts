import { ConnectionError } from '../../src/http2/connection-error.ts';
import { HpackDecoder } from '../../src/http2/hpack/hpack-decoder.ts';
import { type Headers, peerDecoder, peerEncoder } from '../http2/hpack/hpack-peer.ts';
import { Random } from './random.ts';

const names = [':status', 'apns-id', 'content-type', 'date', 'server', 'x-a', 'content-length'];
const values = ['200', '410', 'a', 'EC1BF194-B3B2-424A-89B3-1B12A8A27B26', 'application/json', '', 'x'.repeat(300)];

const someHeaders = (random: Random): Headers =>
  Array.from({ length: 1 + random.below(6) }, () => [random.pick(names), random.pick(values)]);

function mutate(block: Buffer, random: Random): Buffer {
  const out = Buffer.from(block);
  for (let changes = random.below(4); changes > 0 && out.length > 0; changes--) {
    const at = random.below(out.length);
    if (random.chance(0.3)) out[at] = random.pick([0, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xff]);
    else out[at]! ^= 1 << random.below(8);
  }
  if (random.chance(0.1)) return out.subarray(0, random.below(out.length + 1));
  if (random.chance(0.1)) return Buffer.concat([out, random.bytes(random.below(10))]);
  return out;
}

/**
 * Decodes `count` mutated header blocks, connection by connection. Each must decode to what hpack.js makes of it, or end the
 * connection with COMPRESSION_ERROR (ENHANCE_YOUR_CALM over the list limit). Throws on anything else; returns how many decoded.
 */
export function fuzzHeaderBlocks(count: number, seed: number): number {
  const random = new Random(seed);
  let decoded = 0;
  for (let done = 0; done < count; ) {
    const encode = peerEncoder();
    const reference = peerDecoder();
    const decoder = new HpackDecoder(4000);
    for (let alive = true; alive && done < count; done++) {
      const block = random.chance(0.05) ? random.bytes(random.below(60)) : mutate(encode(someHeaders(random)), random);
      const ours = attempt(decoder, block);
      alive = ours !== undefined && sameAs(reference, block, ours, `seed ${seed}, block ${done}`);
      if (ours) decoded++;
    }
  }
  return decoded;
}

function attempt(decoder: HpackDecoder, block: Buffer): Headers | undefined {
  const headers: Headers = [];
  try {
    decoder.decode(block, 0, block.length, { onHeader: (name, value) => headers.push([name, value]) });
    return headers;
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    if (error.errorName !== 'COMPRESSION_ERROR' && error.errorName !== 'ENHANCE_YOUR_CALM') throw error;
    return undefined;
  }
}

/** False where hpack.js refuses what it should take (it ends the comparison of this connection); throws on a difference. */
function sameAs(reference: (block: Buffer) => Headers, block: Buffer, ours: Headers, where: string): boolean {
  let theirs: Headers;
  try {
    theirs = reference(block);
  } catch {
    return false;
  }
  const bytes = theirs.map(([name, value]) => [name, value]);
  if (JSON.stringify(bytes) !== JSON.stringify(ours)) {
    throw new Error(
      `${where}: ${block.toString('hex')} decodes to ${JSON.stringify(ours)}, not ${JSON.stringify(bytes)}`,
    );
  }
  return true;
}
