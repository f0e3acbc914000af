/**
 * `node bench/webpush-encryption.ts [runs]`: where encryption for Web Push runs, without a relay: in slices on the main thread,
 * or in the pool of threads that the relay has. A timer that should fire every millisecond tells what other work would wait.
 * Prints the table of docs/webpush.md: the median of the runs.
 */
import { createECDH } from 'node:crypto';
import { availableParallelism, loadavg } from 'node:os';
import { eventLoopUtilization, monitorEventLoopDelay } from 'node:perf_hooks';
import { Encryptor, OVERHEAD } from '../src/webpush/encryption/encrypt.ts';
import { EncryptionPool } from '../src/webpush/encryption/encryption-pool.ts';
import { AUTH, RECEIVER } from '../src/webpush/encryption/encryption-task.ts';

const PUSHES = 20_000;
const PLAINTEXT = Buffer.alloc(300, 'a');
const SIZE = PLAINTEXT.length + OVERHEAD;
const BATCH = 64;

const receivers = Array.from({ length: 500 }, () => {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return Buffer.concat([ecdh.getPublicKey(), Buffer.alloc(RECEIVER - AUTH, 7)]);
});
const receiver = (index: number): Buffer => receivers[index % receivers.length] as Buffer;

interface Row {
  readonly perSecond: number;
  /** Of all threads, microseconds for each push. */
  readonly cpuUs: number;
  /** Of the main thread, microseconds for each push. */
  readonly mainUs: number;
  /** Milliseconds that other work waits, at the 99th percentile. */
  readonly waitMs: number;
}

async function measured(work: () => Promise<void>): Promise<Row> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const [cpu, used, begun] = [process.cpuUsage(), eventLoopUtilization(), performance.now()];
  await work();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { active } = eventLoopUtilization(used);
  delay.disable();
  return {
    perSecond: PUSHES / seconds,
    cpuUs: (user + system) / PUSHES,
    mainUs: (active * 1000) / PUSHES,
    waitMs: delay.percentile(99) / 1e6,
  };
}

async function slices(size: number): Promise<void> {
  const encryptor = new Encryptor();
  const out = Buffer.alloc(size * SIZE);
  for (let done = 0; done < PUSHES; done += size) {
    encryptor.begin();
    for (let index = 0; index < size; index++) {
      const keys = receiver(done + index);
      const to = { p256dh: keys.subarray(0, AUTH), auth: keys.subarray(AUTH) };
      encryptor.encrypt(PLAINTEXT, to, out, index * SIZE);
    }
    await new Promise(setImmediate);
  }
}

function threads(pool: EncryptionPool): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let [sent, answered] = [0, 0];
  const more = (): void => {
    // As many under way as a lane has.
    while (sent < PUSHES && sent - answered < 4 * BATCH) {
      const keys = new Uint8Array(new ArrayBuffer(BATCH * RECEIVER));
      for (let index = 0; index < BATCH; index++) keys.set(receiver(sent + index), index * RECEIVER);
      sent += BATCH;
      pool.encrypt(PLAINTEXT, keys, () => {
        answered += BATCH;
        if (answered >= PUSHES) resolve();
        else more();
      });
    }
  };
  more();
  return promise;
}

async function inThreads(count: number): Promise<Row> {
  const pool = new EncryptionPool({ threads: count });
  // The threads start with the first tasks.
  await threads(pool);
  const row = await measured(() => threads(pool));
  await pool.close();
  return row;
}

const ways: readonly (readonly [string, () => Promise<Row>])[] = [
  ['slices of 8 on the main thread', () => measured(() => slices(8))],
  ['slices of 32 on the main thread', () => measured(() => slices(32))],
  ['one thread', () => inThreads(1)],
  ['two threads', () => inThreads(2)],
];

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

const runs = Number(process.argv[2] ?? 3);
const rows = new Map<string, Row[]>(ways.map(([name]) => [name, []]));
for (let run = 0; run < runs; run++) for (const [name, way] of ways) rows.get(name)?.push(await way());
console.log(
  `Node ${process.versions.node}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, median of ${runs}\n`,
);
console.log(
  '| encryption | pushes/s | CPU per push | main thread per push | other work waits (p99) |\n|---|---|---|---|---|',
);
for (const [name, samples] of rows) {
  const of = (key: keyof Row, digits = 0) => median(samples.map((sample) => sample[key])).toFixed(digits);
  console.log(`| ${name} | ${of('perSecond')} | ${of('cpuUs')} µs | ${of('mainUs')} µs | ${of('waitMs', 1)} ms |`);
}
