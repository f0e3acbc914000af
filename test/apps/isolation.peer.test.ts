import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppShape, MAIN, type Wish } from './isolation/model.ts';
import { openStage } from './isolation/play-story.ts';
import { type Story, story } from './isolation/steps.ts';

// More with RUNS=1000 npx vitest run test/apps/isolation.peer.test.ts, or `npm run fuzz`.
const numRuns = Number(process.env.RUNS ?? 24);
const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) };

let stage: Awaited<ReturnType<typeof openStage>>;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const whole: AppShape = { ios: 'own', android: 'own', huawei: 'own', hasTopic: true, hasHook: true };
const wish = (tenant: string, more: Partial<Wish> = {}): Wish => ({
  platform: 'ios',
  by: 'app',
  tenant,
  targets: ['good'],
  ...more,
});
const push = (...wishes: Wish[]): Story['steps'][number] => ({
  kind: 'push',
  requests: [{ bound: undefined, wishes }],
});

const stories: readonly (readonly [name: string, Story])[] = [
  [
    'an app with the topic of a push that was accepted before it was made has no claim on it',
    {
      sync: false,
      cache: 256,
      begin: [],
      steps: [
        push(wish('ant', { by: 'topic', targets: ['held'] })),
        { kind: 'set', app: 'ant', shape: whole },
        { kind: 'restart' },
      ],
    },
  ],
  [
    'apps that use the connections of one in turn all send',
    {
      sync: true,
      cache: 1,
      begin: ['ant', 'bee', 'cat', 'dog'].map((app) => [app, whole] as const),
      steps: [1, 2].map(() =>
        push(...['ant', 'bee', 'cat', 'dog'].map((app) => wish(app, { targets: ['good', 'slow'] }))),
      ),
    },
  ],
  [
    'a request for two apps tells each of its own alone',
    {
      sync: false,
      cache: 256,
      begin: [['dog', whole]],
      steps: [push(wish('dog', { targets: ['dead'] }), wish(MAIN, { targets: ['good', 'dead'] }))],
    },
  ],
];

test.each(stories)('%s', async (_, each) => expect(await stage.play(each)).toEqual([]));

test(
  'whatever apps do, each push has the credential, topic and project of its own, and nobody sees what is of another',
  { timeout: 180_000 + numRuns * 5000 },
  () =>
    fc.assert(
      fc.asyncProperty(story, async (each) => {
        expect(await stage.play(each)).toEqual([]);
      }),
      { numRuns, ...seed },
    ),
);
