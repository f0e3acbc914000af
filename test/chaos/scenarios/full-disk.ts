import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../support/until.ts';
import type { RelayProcess } from '../relay-process.ts';
import { brokenPromises, inWorld, type Result, type Scenario, type Size } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: 4, full: 16 } as const;

function mount(sizeMib: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', folder]);
  return folder;
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
}

/** Fills what is left of a disk, to the last block. */
function fill(folder: string): string {
  const path = join(folder, 'filler');
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(path, Buffer.alloc(bavail * bsize));
  return path;
}

const refused = (world: World): number => world.client.answers.filter(({ status }) => status === 503).length;

/** The queue tries by itself whether there is room again. */
const becomesReady = (relay: RelayProcess): Promise<void> =>
  until(async () => (await relay.ready()) === 200, 'the relay is ready');

async function inDisk(world: World, disk: string): Promise<Result> {
  const { client, peer, relay } = world;
  const broken: string[] = [];
  const post = (count: number) => client.post([world.targets(count, 0.2)]);
  const tries = async (what: string, wanted: number): Promise<void> => {
    const status = await post(100);
    if (status !== wanted) broken.push(`${what}: ${status} instead of ${wanted}`);
  };

  // Others fill the disk while pushes wait for a provider that is away.
  await tries('before', 200);
  await peer.port(false);
  for (let i = 0; i < 50; i++) await post(1);
  const filler = fill(disk);
  while ((await post(100)) === 200);
  await tries('on a full disk', 503);
  if ((await relay.ready()) !== 503) broken.push('/readyz does not say that the queue cannot be written');
  // What was accepted is delivered even so, and even by another process.
  await relay.end('SIGKILL');
  await relay.start();
  await peer.port(true);
  const onFull = await world.settled();
  if (onFull.lost > 0) broken.push(`${onFull.lost} accepted pushes were not delivered while the disk was full`);
  unlinkSync(filler);
  await becomesReady(relay);
  await tries('after', 200);

  // The queue itself fills the disk, and makes room again by delivering.
  await peer.port(false);
  const big = { data: { padding: 'x'.repeat(20_000) } };
  let filled = false;
  for (let i = 0; i < 2000 && !filled; i++) filled = (await client.post([world.targets(1)], 1, big)) === 503;
  if (!filled) broken.push('the queue never filled the disk: the test tests nothing');
  await peer.port(true);
  await world.settled();
  await becomesReady(relay);
  await tries('after the queue had filled the disk', 200);
  await world.settled();
  const { tally, exitCode } = await world.stop();
  if (exitCode !== 0) broken.push(`SIGTERM ended it with ${exitCode}`);
  return { tally, notes: { refused: refused(world) }, broken: [...broken, ...brokenPromises(tally)] };
}

async function run(seed: number, size: Size): Promise<Result> {
  const disk = mount(SIZES[size]);
  mkdirSync(join(disk, 'queue'));
  try {
    const queue = { local: { path: join(disk, 'queue', 'queue.db') } };
    return await inWorld(World.open(seed, { config: { queue } }), (world) => inDisk(world, disk));
  } finally {
    unmount(disk);
  }
}

/** No room on the disk: 503 and nothing taken; what was accepted is still delivered; with room again all is as before. */
export const fullDisk: Scenario = {
  name: 'the disk is full during append',
  requires: ['tmpfs'],
  run,
};
