import { expect, test } from 'vitest';
import { createCredentialLines } from '../../../src/observe/log/credential-lines.ts';
import { failed, settlement } from '../../support/settlement.ts';

const refused = failed({ category: 'credential', reason: 'InvalidProviderToken', status: 403 });

function linesOf() {
  const said: [string, Readonly<Record<string, unknown>>][] = [];
  const clock = { now: 0 };
  const { settled } = createCredentialLines({
    error: (...line) => said.push(line),
    namesOf: (app, provider) => ({ key_id: `KEY-${app}-${provider}` }),
    monotonic: () => clock.now,
  });
  return { said, clock, settled };
}

test('a refused credential is one error a minute, which says whose it is, which and why', () => {
  const { said, clock, settled } = linesOf();
  const two = settlement(['a1', 'a2'], [refused, refused]);
  settled(two);
  settled(two);
  settled(two);
  clock.now = 60_000;
  settled(two);
  const line = (pushes: number) => [
    'the provider refuses our credential: pushes fail until it is replaced',
    {
      app: 'default',
      provider: 'apns',
      environment: 'production',
      key_id: 'KEY-default-apns',
      reason: 'InvalidProviderToken',
      pushes,
    },
  ];
  expect(said).toEqual([line(2), line(6)]);
});

test('each app and environment has a line of its own', () => {
  const { said, settled } = linesOf();
  settled(settlement(['a'], [refused]));
  settled(settlement(['a'], [refused], { app: 'acme' }));
  settled(settlement(['a'], [refused], { environment: 'development' }));
  expect(said.map(([, { app, environment }]) => `${app} ${environment}`)).toEqual([
    'default production',
    'acme production',
    'default development',
  ]);
});

test('other failures, and the fault of a single target, are no trouble of the credential', () => {
  const { said, settled } = linesOf();
  settled(settlement(['a'], [failed()]));
  settled(settlement(['a'], [{ ...refused, sparesLane: true }]));
  settled(settlement(['a'], [refused], { provider: undefined }));
  expect(said).toEqual([]);
});
