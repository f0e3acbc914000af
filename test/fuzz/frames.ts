import { Duplex } from 'node:stream';
import { errorCodes, GOAWAY, settingsFrame } from '../../src/http2/frames/frames.ts';
import type { Burst } from '../../src/http2/http2-pool.ts';
import { defaultTuning } from '../../src/http2/pool-tuning.ts';
import { RequestQueue } from '../../src/http2/request-queue.ts';
import { Session, type SessionEvents } from '../../src/http2/session.ts';
import { conversation, mutateFrames } from './conversation.ts';
import { Random } from './random.ts';
import { reference } from './reference.ts';

const BODY = Buffer.from('{"aps":{}}');
const options = { authority: 'localhost', requestTimeoutMs: 1000, tuning: defaultTuning };

/** A socket that keeps the last thing written to it. */
class Wire extends Duplex {
  last: Buffer = Buffer.alloc(0);
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.last = Buffer.from(chunk);
    done();
  }
}

/**
 * Lets a session with up to five open streams read mutated conversations until `count` frames are read. For each, the
 * answers, and the code with which it closes the connection if it does, must be those of the reference. Throws otherwise; returns how
 * many connections were closed with an error.
 */
export async function fuzzFrames(count: number, seed: number): Promise<number> {
  const random = new Random(seed);
  let closed = 0;
  let frames = 0;
  for (let round = 0; frames < count; round++) {
    const streams = 1 + random.below(5);
    const sent = conversation(random, streams);
    mutateFrames(sent, random);
    frames += sent.length;
    const where = `seed ${seed}, round ${round}`;
    if (converse(Buffer.concat(sent), streams, random, where)) closed++;
    // Sockets are closed in the turns between.
    if (round % 64 === 0) await new Promise(setImmediate);
  }
  return closed;
}

/** Whether the session closed the connection for an error. */
function converse(bytes: Buffer, streams: number, random: Random, where: string): boolean {
  const wire = new Wire();
  const outcomes = new Map<number, string>();
  const settle = (index: number, outcome: string): void => {
    const id = 2 * index + 1;
    if (outcomes.has(id)) throw new Error(`${where}: stream ${id} is settled twice`);
    outcomes.set(id, outcome);
  };
  const events: SessionEvents = {
    onState() {},
    onAnswers() {},
    onReady() {},
    onGoaway() {},
    onPing() {},
    onRefused: (stream) => settle(stream.index, 'refused'),
  };
  const session = new Session(wire, { ...options, number: 1 }, { now: () => 0 }, events);
  const queue = new RequestQueue();
  queue.add(burst(streams, settle), 0);
  wire.emit('data', settingsFrame([]));
  session.fill(queue);
  for (let at = 0; at < bytes.length; ) {
    const size = random.chance(0.5) ? bytes.length : 1 + random.below(40);
    wire.emit('data', bytes.subarray(at, at + size));
    at += size;
  }
  const verdict = reference(bytes, streams, BODY.length);
  const code = session.state === 'closed' ? session.cause?.code : undefined;
  if (!verdict.finished) compare(verdict, code, wire.last, outcomes, where);
  session.destroy({ code: 'END', message: 'end' });
  if (outcomes.size !== streams) throw new Error(`${where}: ${streams - outcomes.size} requests were never settled`);
  return verdict.codes.length > 0;
}

function burst(count: number, settle: (index: number, outcome: string) => void): Burst {
  return {
    template: { headers: [], body: BODY },
    count,
    path: (index) => `/${index}`,
    body: () => BODY,
    onResponse: (index, status, _headers, body) => settle(index, `answered ${status} ${body.toString('hex')}`),
    onFault: (index) => settle(index, 'fault'),
  };
}

function compare(
  { codes, outcomes: expected }: ReturnType<typeof reference>,
  code: string | undefined,
  farewell: Buffer,
  outcomes: ReadonlyMap<number, string>,
  where: string,
): void {
  const allowed = codes.map((name) => `HTTP2_${name}`);
  if (code === undefined ? codes.length > 0 : !allowed.includes(code)) {
    throw new Error(`${where}: closed with ${code}, not ${allowed}`);
  }
  if (code !== undefined) {
    const told = farewell[3] === GOAWAY ? farewell.readUInt32BE(13) : -1;
    if (!codes.some((name) => errorCodes[name] === told))
      throw new Error(`${where}: GOAWAY with ${told}, not ${codes}`);
  }
  for (const [id, outcome] of expected) {
    if (outcomes.get(id) !== outcome) throw new Error(`${where}: stream ${id} is ${outcomes.get(id)}, not ${outcome}`);
  }
  // The close of the connection faults what was open; while it is open, nothing else is settled.
  if (code === undefined && outcomes.size !== expected.size)
    throw new Error(`${where}: settled ${[...outcomes.keys()]}`);
}
