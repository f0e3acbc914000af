import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../src/http2/frames/frames.ts';
import { type Headers, peerEncoder } from '../http2/hpack/hpack-peer.ts';
import { rawFrame, uint32 } from '../http2/raw-peer.ts';
import type { Random } from './random.ts';

const statuses = ['200', '400', '410', '429', '503'];
const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), uint32(value)]);

/** What an honest server sends to a client that has opened streams 1, 3, … 2·`streams`-1: complete answers and control frames. */
export function conversation(random: Random, streams: number): Buffer[] {
  const encode = peerEncoder();
  const frames: Buffer[] = [];
  for (let id = 1; id < 2 * streams; id += 2) {
    if (random.chance(0.3)) frames.push(control(random, id));
    if (random.chance(0.1)) frames.push(rawFrame(RST_STREAM, 0, id, uint32(random.below(14))));
    else frames.push(...answer(random, id, encode));
  }
  if (random.chance(0.2))
    frames.push(rawFrame(GOAWAY, 0, 0, Buffer.concat([uint32(random.below(12), random.below(14))])));
  return frames;
}

function answer(random: Random, id: number, encode: (headers: Headers) => Buffer): Buffer[] {
  const body = random.chance(0.4) ? random.bytes(random.below(40)) : undefined;
  const headers: Headers = [[':status', random.pick(statuses)]];
  if (random.chance(0.7)) headers.push(['apns-id', `id-${random.below(5)}`]);
  if (random.chance(0.3)) headers.push(['content-length', String(body?.length ?? 0)]);
  const frames = random.chance(0.1) ? blockFrames(random, id, 0, encode([[':status', '103']])) : [];
  frames.push(...blockFrames(random, id, body ? 0 : END_STREAM, encode(headers)));
  if (!body) return frames;
  const cut = random.chance(0.3) ? random.below(body.length + 1) : 0;
  if (cut > 0) frames.push(rawFrame(DATA, 0, id, body.subarray(0, cut)));
  if (random.chance(0.1)) {
    frames.push(rawFrame(DATA, 0, id, body.subarray(cut)));
    frames.push(...blockFrames(random, id, END_STREAM, encode([['x-trailer', 'v']])));
  } else if (random.chance(0.2)) {
    const padding = random.below(20);
    const padded = Buffer.concat([Buffer.from([padding]), body.subarray(cut), Buffer.alloc(padding)]);
    frames.push(rawFrame(DATA, END_STREAM | PADDED, id, padded));
  } else frames.push(rawFrame(DATA, END_STREAM, id, body.subarray(cut)));
  return frames;
}

function blockFrames(random: Random, id: number, flags: number, block: Buffer): Buffer[] {
  if (random.chance(0.15)) {
    const cut = random.below(block.length + 1);
    return [
      rawFrame(HEADERS, flags, id, block.subarray(0, cut)),
      rawFrame(CONTINUATION, END_HEADERS, id, block.subarray(cut)),
    ];
  }
  if (random.chance(0.1)) {
    return [rawFrame(HEADERS, flags | END_HEADERS | HAS_PRIORITY, id, Buffer.concat([Buffer.alloc(5), block]))];
  }
  return [rawFrame(HEADERS, flags | END_HEADERS, id, block)];
}

function control(random: Random, id: number): Buffer {
  switch (random.below(8)) {
    case 0:
      return rawFrame(PING, random.below(2), 0, random.bytes(8));
    case 1:
      return rawFrame(
        SETTINGS,
        0,
        0,
        setting(1 + random.below(7), random.pick([0, 1, 100, 16_384, 65_535, 0x7fff_ffff])),
      );
    case 2:
      return rawFrame(SETTINGS, 1, 0);
    case 3:
      return rawFrame(WINDOW_UPDATE, 0, random.pick([0, id]), uint32(random.pick([1, 1000, 0x7fff_0000])));
    case 4:
      return rawFrame(PRIORITY, 0, id, random.bytes(5));
    case 5:
      return rawFrame(0x0a + random.below(200), random.below(256), id, random.bytes(random.below(20)));
    case 6:
      return rawFrame(PUSH_PROMISE, END_HEADERS, id, Buffer.concat([uint32(2), Buffer.from([0x88])]));
    default:
      return rawFrame(SETTINGS, 0, 0, Buffer.concat([setting(3, random.below(50)), setting(4, random.below(100_000))]));
  }
}

/** Changes up to three of the frames: bits, header fields, length, order, count. Returns the number of frames it concerned. */
export function mutateFrames(frames: Buffer[], random: Random): void {
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.below(frames.length);
    const frame = Buffer.from(frames[at] as Buffer);
    frames[at] = frame;
    switch (random.below(9)) {
      case 0:
        frame[random.below(frame.length)]! ^= 1 << random.below(8);
        break;
      case 1:
        frame[3] = random.below(12);
        break;
      case 2:
        frame[4]! ^= random.pick([1, 4, 8, 0x20]);
        break;
      case 3:
        frame.writeUInt32BE(random.pick([0, 1, 2, 3, 5, 7, 99, 0x7fff_ffff, 0x8000_0001]), 5);
        break;
      case 4:
        frame.writeUIntBE(random.pick([0, 1, 4, 5, 6, 8, frame.length, 16_384, 16_385, 0xff_ffff]), 0, 3);
        break;
      case 5:
        frames.splice(at, 1, frame, frame);
        break;
      case 6:
        if (frames.length > 1) frames.splice(at, 1);
        break;
      case 7:
        frames.splice(at, 1);
        frames.splice(random.below(frames.length + 1), 0, frame);
        break;
      default:
        frames.splice(
          at,
          0,
          rawFrame(random.below(12), random.below(256), random.below(12), random.bytes(random.below(30))),
        );
    }
  }
}
