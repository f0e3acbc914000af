import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faketimeLibrary } from '../../support/requirements.ts';
import { atRate } from '../client.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: 300, full: 5000 } as const;

/** The wall clock of the relay jumps an hour forward, two back and one forward: no push expires, none is stuck. */
export const clock: Scenario = {
  name: 'the clock jumps an hour either way',
  requires: ['libfaketime'],
  run: async (seed, size) => {
    const folder = mkdtempSync(join(tmpdir(), 'martlet-clock-'));
    const file = join(folder, 'offset');
    const jump = (offset: string): void => writeFileSync(file, `${offset}\n`);
    jump('+0');
    const env = {
      LD_PRELOAD: faketimeLibrary() as string,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    try {
      return await inWorld(World.open(seed, { env }), async (world) => {
        const { client, peer } = world;
        const post = () => client.post([world.targets(1)]);
        await peer.behave('apns', { latencyMs: 20, reset: 0.2 });
        for (const offset of ['+0', '+3600', '-3600', '+0']) {
          jump(offset);
          await atRate(SIZES[size] / 4, 200, post);
        }
        await world.settled();
        const { tally } = await world.stop();
        const broken = brokenPromises(tally);
        if (tally.reported > 0) broken.push(`${tally.reported} pushes failed`);
        return { tally, broken };
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
