import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { needs } from '../support/needs.ts';
import { cpuOf } from './attacked-relay.ts';

/** Of the relay's own time, in milliseconds: between two health checks that are answered. */
const MOST_BETWEEN = 400;

async function opened(relay: RunningRelay): Promise<WebSocket> {
  const socket = new WebSocket(`${relay.url.replace('http', 'ws')}/v1/users/ada/stream/ws`);
  onTestFinished(() => socket.terminate());
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** The most of its own time that the relay needs between two health checks, until the frames are answered. */
async function mostBetween(relay: RunningRelay, isOver: () => boolean): Promise<number> {
  const pid = relay.child.pid as number;
  let most = 0;
  for (let before = cpuOf(pid); !isOver(); before = cpuOf(pid)) {
    expect((await fetch(`${relay.url}/healthz`)).ok).toBe(true);
    most = Math.max(most, cpuOf(pid) - before);
  }
  return most;
}

const unknown = (index: number): string => `0000000001.${String(index).padStart(16, '0')}`;
const attacks = [
  ['a hundred thousand frames that mean nothing', 100_000, () => '{}'],
  [
    'acknowledgements of events that there are not',
    150,
    () => JSON.stringify({ ack: Array.from({ length: 100 }, (_, index) => unknown(index)) }),
  ],
] as const;

test.each(attacks)('%s keep the relay from nothing else', needs('linux'), async (_, count, frame) => {
  const relay = await startRelay({ hub: { enabled: true, path: '' } });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const socket = await opened(relay);
  let isOver = false;
  socket.on('close', () => (isOver = true));
  socket.on('message', (data) => (isOver ||= String(data).includes('presence must be')));
  const asking = mostBetween(relay, () => isOver);
  for (let each = 0; each < count; each++) {
    socket.send(frame());
    // The health checks are made by this process, too.
    if (each % 500 === 0) await new Promise(setImmediate);
  }
  // Frames are done one after the other: once this is answered, all of them were.
  socket.send('{"presence":"nowhere"}');
  expect(await asking).toBeLessThan(MOST_BETWEEN);
});
