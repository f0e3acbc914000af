import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { freePort, type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { brokers, until } from '../queue/real-brokers.ts';
import { type Balancer, CONFIG, installed, startBalancer } from './balancer.ts';
import { type CountingApns, startCountingApns } from './counting-apns.ts';
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts';

if (!installed()) console.warn('haproxy is not installed: its tests are skipped (Debian package haproxy)');

const PATIENCE = 60_000;

describe.runIf(installed())('deploy/haproxy.cfg', () => {
  test('is valid, without a warning', () => {
    const { status, stderr } = spawnSync('haproxy', ['-c', '-q', '-f', CONFIG], { encoding: 'utf8' });
    expect(stderr).not.toMatch(/WARNING|ALERT/);
    expect(status).toBe(0);
  });

  describe('in front of two instances', () => {
    const open = new AsyncDisposableStack();
    let apns: CountingApns;
    let credentials: Sandbox;
    let stack: AsyncDisposableStack;

    beforeEach(async () => {
      stack = new AsyncDisposableStack();
      apns = stack.use(await startCountingApns());
      credentials = stack.adopt(await startSandbox(), (sandbox) => sandbox.close());
    });
    afterEach(() => stack.disposeAsync());

    async function startInstance(keyId: string, overlay: { core?: object; [section: string]: unknown } = {}) {
      const relay = stack.use(
        await startRelay(
          {
            ...overlay,
            ios: {
              endpoint: apns.origin,
              sandbox_endpoint: apns.origin,
              production: true,
              key_id: keyId,
              max_retry: 5,
            },
            android: { enabled: false },
            huawei: { enabled: false },
            core: { shutdown_delay: 5, ...overlay.core },
          },
          {},
          credentials,
          [apns.ca],
        ),
      );
      return relay;
    }
  });
});
