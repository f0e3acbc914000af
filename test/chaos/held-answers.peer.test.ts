import { expect, test } from 'vitest';
import { ENOUGH, LARGE } from '../../src/relay/answer-pace.ts';
import { until } from '../support/until.ts';
import { inWorld } from './scenario.ts';
import { queuedIn } from './tally.ts';
import { World } from './world.ts';

/** An answer is held for half a second: a busy machine may be too late for one, and not for all of so many. */
const ROUNDS = 30;

/** While nothing leaves, and so much waits that answers to large requests are held back. */
async function withBacklog(world: World): Promise<void> {
  await world.peer.port(false);
  const backlog = Array.from({ length: Math.ceil(ENOUGH / LARGE) + 1 }, () => world.targets(LARGE));
  expect(await world.client.post(backlog)).toBe(200);
}

const open = (): Promise<World> => World.open(1, { config: { core: { shutdown_timeout: 1 } } });

/** Posts a large request, and ends the process as soon as the queue file has it. @returns what was answered, and whether that was held at the end */
async function endWhileHeld(world: World, signal: NodeJS.Signals) {
  const { relay, client } = world;
  const pushes = world.targets(LARGE);
  let isAnswered = false;
  const answer = client.post([pushes]).finally(() => {
    isAnswered = true;
  });
  const last = pushes.at(-1)?.index as number;
  await until(() => queuedIn(relay.queuePath).has(last));
  const isHeld = !isAnswered;
  const code = await relay.end(signal);
  return { isHeld, status: await answer, code };
}

async function firstHeld(world: World, signal: NodeJS.Signals) {
  for (let round = 0; round < ROUNDS; round++) {
    const ended = await endWhileHeld(world, signal);
    await world.relay.start();
    if (ended.isHeld) return ended;
  }
  throw new Error(`of ${ROUNDS} answers none was held when the process ended`);
}

/** Of those without an answer, too. */
async function allArrive({ peer, client, relay }: World): Promise<void> {
  await peer.port(true);
  const all = [...client.accepted, ...client.unknown];
  await until(async () => {
    const { delivered } = await peer.read();
    return all.every((index) => (delivered[index] ?? 0) > 0);
  });
  await until(async () => (await relay.metric('martlet_queue_depth')) === 0);
}

test('kill -9 while the answer to a large request is held back loses none of its pushes', () =>
  inWorld(open(), async (world) => {
    await withBacklog(world);
    expect(await firstHeld(world, 'SIGKILL')).toMatchObject({ status: 0, code: undefined });
    expect(world.client.unknown.size).toBeGreaterThanOrEqual(LARGE);
    await allArrive(world);
  }));

test('SIGTERM: answers that are held back are given before the end, and their pushes are sent once by the next process', () =>
  inWorld(open(), async (world) => {
    await withBacklog(world);
    expect(await firstHeld(world, 'SIGTERM')).toMatchObject({ status: 200, code: 0 });
    await allArrive(world);
    const { duplicate, lost } = await world.tally();
    expect({ duplicate, lost }).toEqual({ duplicate: 0, lost: 0 });
  }));
