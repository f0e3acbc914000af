import { expect, test } from 'vitest';
import { partCarrier } from '../../../src/hub/push/parted-carrier.ts';
import type { PushCarrier, PushListener, PushOutcome } from '../../../src/hub/push/push-carrier.ts';
import { ACCEPTED } from '../../../src/push/push.ts';

function scripted() {
  let listener: PushListener | undefined;
  const carrier: PushCarrier = {
    send: async () => [],
    holds: () => false,
    listen: (given) => {
      listener = given;
    },
    health: () => ({ status: 'pass' }),
    can: () => true,
    close: async () => {},
  };
  return { carrier, told: () => listener as PushListener };
}

const outcome = (batch: string): PushOutcome => ({
  batch,
  app: 'a',
  target: 't',
  outcome: ACCEPTED,
  attempts: 1,
  at: 1,
});

function hearing(carrier: PushCarrier): string[] {
  const heard: string[] = [];
  carrier.listen({
    outcomes: (outcomes) => heard.push(...outcomes.map(({ batch }) => batch)),
    retried: () => {},
    stillWanted: async ({ targets }) => targets.map(() => true),
  });
  return heard;
}

test('each part hears of its own batches, and what came before it listened', async () => {
  const { carrier, told } = scripted();
  const parts = partCarrier(carrier);
  const direct = parts.part('direct.');
  told().outcomes([outcome('direct.1'), outcome('n1.1')]);
  const own = hearing(direct);
  expect(own).toEqual(['direct.1']);
  const rest = hearing(parts.rest);
  expect(rest).toEqual(['n1.1']);
  told().outcomes([outcome('n1.2'), outcome('direct.2'), outcome('n1.3')]);
  expect(own).toEqual(['direct.1', 'direct.2']);
  expect(rest).toEqual(['n1.1', 'n1.2', 'n1.3']);
});

test('what waits for a part that does not listen yet cannot be said to be wanted', async () => {
  const { carrier, told } = scripted();
  const parts = partCarrier(carrier);
  const question = { batch: 'direct.1', app: 'a', targets: ['t'] };
  parts.part('direct.');
  await expect(told().stillWanted(question)).rejects.toThrow('not open yet');
  hearing(parts.part('direct.'));
  expect(await told().stillWanted(question)).toEqual([true]);
});
