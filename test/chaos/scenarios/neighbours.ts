import { generateKeyPairSync } from 'node:crypto';
import { atRate } from '../client.ts';
import { p99 } from '../latency.ts';
import { inRounds } from '../rounds.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { type Peer, startPeer } from '../start-peer.ts';
import { World } from '../world.ts';

const SIZES = {
  small: { seconds: 2, flood: 4000, limited: 200, most: 10, floorMs: 1000 },
  full: { seconds: 20, flood: 200_000, limited: 2000, most: 1.2, floorMs: 5 },
} as const;
type Limits = (typeof SIZES)[keyof typeof SIZES];

const ROUNDS = 3;
const FLOOD_AT_ONCE = 1000;
const LIMIT = 20;

const settingsOf = (peer: Peer, rate_limit = 0) => ({
  ios: {
    key_base64: Buffer.from(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ).toString('base64'),
    key_type: 'p8',
    key_id: 'NEIGHBOUR1',
    team_id: 'NEIGHBOUR1',
    endpoint: peer.addresses.apns,
    rate_limit,
  },
  webhook: { url: peer.addresses.hook, allow_private: true, timeout: 1 },
});

/** What befalls one app, and what it sends meanwhile; it sends the same while nothing befalls it. */
interface Fault {
  readonly name: string;
  readonly app: string;
  readonly perSecond: number;
  readonly deadShare?: number;
  readonly begin: (world: World, noisy: Peer, size: Limits) => Promise<unknown>;
  readonly end: (noisy: Peer) => Promise<unknown>;
}

async function flood(world: World, app: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= FLOOD_AT_ONCE) {
    const targets = world.targets(Math.min(left, FLOOD_AT_ONCE));
    await world.client.post(
      targets.map((target) => [target]),
      1,
      { app },
    );
  }
}

const faults: readonly Fault[] = [
  {
    name: 'revoked key',
    app: 'revoked',
    perSecond: 100,
    begin: (_world, noisy) => noisy.behave('apns', { deny: true }),
    end: (noisy) => noisy.behave('apns', {}),
  },
  {
    name: 'hanging hook',
    app: 'hanging',
    perSecond: 100,
    deadShare: 1,
    begin: (_world, noisy) => noisy.hook('hang'),
    end: (noisy) => noisy.hook('fine'),
  },
  {
    name: 'rate limit',
    app: 'limited',
    perSecond: LIMIT,
    begin: (world, _noisy, { limited }) => flood(world, 'limited', limited),
    end: async () => {},
  },
  {
    name: 'flooded lane',
    app: 'flooded',
    perSecond: 10,
    begin: async (world, noisy, size) => {
      await noisy.behave('apns', { latencyMs: 500, maxStreams: 50 });
      await flood(world, 'flooded', size.flood);
    },
    end: (noisy) => noisy.behave('apns', { maxStreams: 1000 }),
  },
];

/** The p99 of another app while this one sends. */
async function p99Beside({ app, perSecond, deadShare = 0 }: Fault, world: World, seconds: number): Promise<number> {
  const sending = atRate(perSecond * seconds, perSecond, () =>
    world.client.post([world.targets(1, deadShare)], 1, { app }),
  );
  const result = await p99(world, seconds);
  await sending;
  return result;
}

/** One app's trouble: its key is revoked, its lane full, its hook dead, its rate limit reached. Another app sends on as before. */
export const neighbours: Scenario = {
  name: "one app's trouble; another app's p99",
  run: async (seed, size) => {
    const limits = SIZES[size];
    const noisy = await startPeer(seed);
    const named = (name: string, rate?: number) => [name, settingsOf(noisy, rate)] as const;
    const apps = Object.fromEntries([named('revoked'), named('flooded'), named('hanging'), named('limited', LIMIT)]);
    const options = { config: { apps, ios: { max_retry: 10 } }, extraCa: noisy.ca };
    return inWorld(World.open(seed, options, [noisy]), async (world) => {
      const broken: string[] = [];
      const notes: Record<string, string> = {};
      await p99(world, 1);
      for (const fault of faults) {
        const round = async (): Promise<[number, number]> => {
          const before = await p99Beside(fault, world, limits.seconds);
          await fault.begin(world, noisy, limits);
          const during = await p99Beside(fault, world, limits.seconds);
          await fault.end(noisy);
          return [before, during];
        };
        const { kept, ratio, told } = await inRounds(round, { ...limits, rounds: size === 'full' ? ROUNDS : 1 });
        notes[`${fault.name}: p99 ms`] = told;
        // At the small size it is enough that all arrived while the fault lasted: beside other tests a time says nothing.
        if (size === 'full' && !kept) broken.push(`${fault.name}: p99 is ${ratio.toFixed(2)} times as long`);
      }
      await world.settled();
      const { tally } = await world.stop();
      broken.push(...brokenPromises(tally));
      return { tally, notes, broken };
    });
  },
};
