import { describe, expect, test } from 'vitest';
import { type Check, type LaneState, type ReadyOptions, readiness } from '../../src/health/ready.ts';
import { LaneId } from '../../src/push/lane-id.ts';
import type { Environment, Provider } from '../../src/push/push.ts';
import { laneId } from '../support/lane-id.ts';

type Kind = 'works' | 'untried' | 'refused' | 'doubtful' | 'open' | 'open, probe due';

const transport = (status: 'pass' | 'warn' | 'fail', lastSuccessAt?: number) => ({
  status,
  sessions: 0,
  inFlight: 0,
  capacity: 1000,
  ...(status === 'pass' ? {} : { output: 'why' }),
  ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
});

function lane(name: string, kind: Kind): LaneState {
  const [app, provider, environment] = name.split('/') as [string, Provider, Environment];
  const id = laneId({ app, provider, environment });
  const breaker = kind.startsWith('open') ? 'open' : 'closed';
  const status = { id, breaker, probeDue: kind === 'open, probe due' } as const;
  if (kind === 'refused') return { lane: status, transport: transport('fail', 1) };
  if (kind === 'doubtful') return { lane: status, transport: transport('warn', 1) };
  return { lane: status, transport: transport('pass', kind === 'untried' ? undefined : 1) };
}

const ready = (lanes: Record<string, Kind>, options: Partial<ReadyOptions> = {}) => {
  const { status, body } = readiness({
    queue: () => ({ status: 'pass' }),
    lanes: () => Object.entries(lanes).map(([name, kind]) => lane(name, kind)),
    draining: () => false,
    ...options,
  });
  return [status, (body as { status: string }).status];
};

const IOS = 'default/apns/production';
const IOS_DEV = 'default/apns/development';
const FCM = 'default/fcm/production';

describe('ready', () => {
  test.each<[string, Record<string, Kind>, [number, string]]>([
    ['nothing was sent yet', { [IOS]: 'untried', [FCM]: 'untried' }, [200, 'pass']],
    ['no platform is on', {}, [200, 'pass']],
    ['one provider of two refuses the credential', { [IOS]: 'refused', [FCM]: 'works' }, [200, 'warn']],
    ['one provider of two fails, and the other was not tried', { [IOS]: 'refused', [FCM]: 'untried' }, [200, 'warn']],
    ['one environment fails, and the other works', { [IOS]: 'works', [IOS_DEV]: 'refused' }, [200, 'warn']],
    ['the last pushes failed', { [IOS]: 'doubtful' }, [200, 'warn']],
    ['the breaker waits for a push to probe with', { [IOS]: 'open, probe due' }, [200, 'warn']],
    ['all lanes of one app fail', { [IOS]: 'works', 'a/apns/production': 'refused' }, [200, 'warn']],
    [
      'all named apps fail, and the default app was not tried',
      { [IOS]: 'untried', 'a/apns/production': 'refused' },
      [200, 'warn'],
    ],
  ])('while %s', (_, lanes, expected) => {
    expect(ready(lanes)).toEqual(expected);
  });
});

describe('not ready', () => {
  test.each<[string, Record<string, Kind>]>([
    [
      'the only credential is refused, though its other environment was not tried',
      { [IOS]: 'refused', [IOS_DEV]: 'untried' },
    ],
    ['every provider fails', { [IOS]: 'refused', [IOS_DEV]: 'refused', [FCM]: 'refused' }],
    ['the only breaker is open', { [IOS]: 'open' }],
    ['the default app can send nothing, though others can', { [IOS]: 'refused', 'a/apns/production': 'works' }],
    ['no app can send', { 'a/apns/production': 'refused', 'b/fcm/production': 'refused' }],
  ])('when %s', (_, lanes) => {
    expect(ready(lanes)).toEqual([503, 'fail']);
  });

  test('when the queue takes nothing', () => {
    const queue = () => ({ status: 'fail', output: 'redis: ECONNREFUSED' }) as const;
    expect(ready({ [IOS]: 'works' }, { queue })).toEqual([503, 'fail']);
    const nearlyFull = () => ({ status: 'warn', output: '90 % full' }) as const;
    expect(ready({ [IOS]: 'works' }, { queue: nearlyFull })).toEqual([200, 'warn']);
  });

  test('while the process drains', () => {
    expect(ready({ [IOS]: 'works' }, { draining: () => true })).toEqual([503, 'fail']);
  });
});

describe('the parts of a lane', () => {
  const part = (partition: string, label: string, kind: Kind): LaneState => {
    const state = lane('default/web/production', kind);
    const id = new LaneId({ app: 'default', provider: 'web', environment: 'production', partition });
    return { ...state, lane: { ...state.lane, id }, part: label };
  };
  const checksOf = (...lanes: LaneState[]) => {
    const { body } = readiness({ queue: () => ({ status: 'pass' }), lanes: () => lanes, draining: () => false });
    return (body as { checks: readonly Check[] }).checks.slice(1);
  };

  test('of one name are one check, which fails when all of them do', () => {
    const good = part('fcm.googleapis.com', 'google', 'works');
    expect(
      checksOf(good, part('b1.apple.com', 'apple', 'refused'), part('b2.apple.com', 'apple', 'works')),
    ).toMatchObject([
      { name: 'default/web/production/google', status: 'pass' },
      { name: 'default/web/production/apple', status: 'warn', output: '1 of 2 places are in trouble' },
    ]);
    expect(checksOf(part('b1.apple.com', 'apple', 'refused'), part('b2.apple.com', 'apple', 'refused'))).toMatchObject([
      { status: 'fail' },
    ]);
  });

  test('that devices chose are not told by name', () => {
    const checks = checksOf(part('evil.example', 'other', 'refused'));
    expect(JSON.stringify(checks)).not.toContain('evil');
    expect(checks).toMatchObject([{ name: 'default/web/production/other', status: 'fail' }]);
  });
});
