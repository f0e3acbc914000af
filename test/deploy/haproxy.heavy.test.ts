import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { gorushClient } from '../grpc/clients.ts';
import { brokers, redisSettings } from '../queue/broker/real-brokers.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';
import { until } from '../support/until.ts';
import { type Balancer, CONFIG, startBalancer } from './balancer.ts';
import { type CountingApns, startCountingApns } from './counting-apns.ts';
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts';

/** As docs/operations.md has it for this balancer. */
const BEHIND_A_BALANCER = { shutdown_delay: 5 };

type Overlay = { readonly [section: string]: object };

/** Two instances and their balancer, of one test. */
class Installation {
  readonly apns: CountingApns;
  readonly #stack: AsyncDisposableStack;
  readonly #folder: string;
  readonly #sandbox: Sandbox;

  static async open(): Promise<Installation> {
    const stack = new AsyncDisposableStack();
    const apns = stack.use(await startCountingApns());
    const sandbox = stack.adopt(await startSandbox(), (started) => started.close());
    return new Installation(stack, apns, sandbox);
  }

  private constructor(stack: AsyncDisposableStack, apns: CountingApns, sandbox: Sandbox) {
    this.#stack = stack;
    this.apns = apns;
    this.#sandbox = sandbox;
    this.#folder = mkdtempSync(join(tmpdir(), 'martlet-balanced-'));
    stack.defer(() => rmSync(this.#folder, { recursive: true, force: true }));
    writeFileSync(join(this.#folder, 'apns-ca.pem'), apns.ca);
  }

  /** @param keyId of its APNs key, by which the provider tells the instances apart. */
  async instance(keyId: string, overlay: Overlay = {}): Promise<RunningRelay> {
    const { origin } = this.apns;
    const config = {
      ...overlay,
      ios: { endpoint: origin, sandbox_endpoint: origin, production: true, key_id: keyId, max_retry: 5 },
      android: { enabled: false },
      huawei: { enabled: false },
      core: { ca_path: join(this.#folder, 'apns-ca.pem'), ...BEHIND_A_BALANCER, ...overlay.core },
    };
    return this.#stack.use(await startRelay(config, {}, this.#sandbox));
  }

  async balancer(a: RunningRelay, b: RunningRelay, grpc: readonly string[] = []): Promise<Balancer> {
    const address = (relay: RunningRelay, port = '1') => ({
      http: new URL(relay.url).host,
      grpc: `127.0.0.1:${port}`,
    });
    return this.#stack.use(await startBalancer(address(a, grpc[0]), address(b, grpc[1])));
  }

  load(balancer: Balancer): SteadyLoad {
    return this.#stack.adopt(startSteadyLoad(balancer.url), (load) => load.stop());
  }

  async allArrive(load: SteadyLoad): Promise<void> {
    await until(() => this.missing(load).length === 0, 'every push that was taken arrives');
  }

  missing({ taken }: SteadyLoad): string[] {
    return [...taken].filter((device) => !this.apns.got.has(device));
  }

  close(): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

async function restart(relay: RunningRelay): Promise<void> {
  relay.child.kill('SIGTERM');
  expect(await relay.ended()).toBe(0);
  await relay.restart();
}

const code = async (url: string): Promise<number> => (await fetch(url)).status;

describe('deploy/haproxy.cfg', needs('haproxy'), () => {
  test('is valid, without a warning', () => {
    const { status, stderr } = spawnSync('haproxy', ['-c', '-q', '-f', CONFIG], { encoding: 'utf8' });
    expect(stderr).not.toMatch(/WARNING|ALERT/);
    expect(status).toBe(0);
  });

  describe('in front of two instances', () => {
    let place: Installation;
    beforeEach(async () => {
      place = await Installation.open();
    });
    afterEach(() => place.close());

    const up = (balancer: Balancer, instance: 'a' | 'b', wanted = true) =>
      until(async () => (await balancer.isUp(instance)) === wanted, `${instance} is ${wanted ? 'in' : 'out'}`);

    test('one after the other is restarted at 100 requests/s: none fails, each push arrives once', async () => {
      const [a, b] = [await place.instance('KEYAAAAAAA'), await place.instance('KEYBBBBBBB')];
      const balancer = await place.balancer(a, b);
      const load = place.load(balancer);
      await until(() => load.taken.size > 200, 'the load runs');
      for (const [name, relay] of [
        ['a', a],
        ['b', b],
      ] as const) {
        await restart(relay);
        await up(balancer, name);
      }
      const sofar = load.taken.size;
      await until(() => load.taken.size > sofar + 100, 'both serve for a while');
      await load.stop();
      expect(load.failed).toEqual([]);
      await place.allArrive(load);
      const { got, byKey } = place.apns;
      expect(got.size).toBe(load.taken.size);
      expect([...got.values()].filter((count) => count > 1)).toEqual([]);
      expect(byKey.size).toBe(2);
    });

    test('one is killed at 100 requests/s: only what it was just answering fails, and what it had taken arrives', async () => {
      const [a, b] = [await place.instance('KEYAAAAAAA'), await place.instance('KEYBBBBBBB')];
      const balancer = await place.balancer(a, b);
      const load = place.load(balancer);
      await until(() => load.taken.size > 200, 'the load runs');
      a.child.kill('SIGKILL');
      await a.ended();
      await up(balancer, 'a', false);
      const failed = load.failed.length;
      await a.restart();
      await up(balancer, 'a');
      await load.stop();
      expect(load.failed).toHaveLength(failed);
      // Lost while they were answered (502, or a connection that ends), so perhaps taken. Not 503: all others met the other instance.
      expect(load.failed).not.toContain('503');
      await place.allArrive(load);
    });

    test('a request that is repeated with its Idempotency-Key meets the instance that knows it', async () => {
      const [a, b] = [await place.instance('KEYAAAAAAA'), await place.instance('KEYBBBBBBB')];
      const balancer = await place.balancer(a, b);
      for (let n = 0; n < 20; n++) {
        const device = `${n % 5}`.padStart(64, 'b');
        const body = JSON.stringify({ notifications: [{ platform: 1, tokens: [device], topic: 'com.example.app' }] });
        const headers = { 'idempotency-key': `order ${n % 5}` };
        expect((await fetch(`${balancer.url}/api/push`, { method: 'POST', headers, body })).status).toBe(200);
      }
      await until(() => place.apns.got.size === 5, 'they arrive');
      expect([...place.apns.got.values()]).toEqual([1, 1, 1, 1, 1]);
    });

    test('what one instance says of itself is not asked through the balancer', async () => {
      const [a, b] = [await place.instance('KEYAAAAAAA'), await place.instance('KEYBBBBBBB')];
      const { url } = await place.balancer(a, b);
      for (const path of ['/metrics', '/readyz', '/api/config']) expect(await code(url + path)).toBe(404);
      for (const path of ['/healthz', '/api/stat/app']) expect(await code(url + path)).toBe(200);
    });

    test('an instance without its broker leaves, and returns with it', needs('redis-server'), async () => {
      const [own, other] = [await brokers.redis.start(), await brokers.redis.start()];
      const queue = (broker: typeof own) => ({
        queue: { engine: 'redis', redis: redisSettings(broker.addr, 'pushes') },
      });
      try {
        const a = await place.instance('KEYAAAAAAA', queue(own));
        const b = await place.instance('KEYBBBBBBB', queue(other));
        const balancer = await place.balancer(a, b);
        const load = place.load(balancer);
        await until(() => load.taken.size > 50, 'the load runs');
        await own.stop('SIGKILL');
        await up(balancer, 'a', false);
        expect(await code(`${a.url}/readyz`)).toBe(503);
        // Until it was seen: refused with 503 and nothing taken, never lost.
        const refused = load.failed.length;
        expect(new Set(load.failed)).toEqual(refused > 0 ? new Set(['503']) : new Set());
        const taken = load.taken.size;
        await until(() => load.taken.size > taken + 200, 'the other serves alone');
        expect(load.failed).toHaveLength(refused);
        await own.start();
        await up(balancer, 'a');
        await load.stop();
        await place.allArrive(load);
      } finally {
        await own.end();
        await other.end();
      }
    });

    test('an instance whose credential is refused leaves, and returns without a restart', async () => {
      const [a, b] = [await place.instance('KEYAAAAAAA'), await place.instance('KEYBBBBBBB')];
      const balancer = await place.balancer(a, b);
      const load = place.load(balancer);
      await until(() => load.taken.size > 50, 'the load runs');
      place.apns.revoked.add('KEYAAAAAAA');
      await up(balancer, 'a', false);
      expect(await code(`${a.url}/readyz`)).toBe(503);
      const first = load.taken.size;
      await until(() => load.taken.size > first + 200, 'b serves alone');
      place.apns.revoked.clear();
      await up(balancer, 'a');
      const before = place.apns.byKey.get('KEYAAAAAAA') ?? 0;
      await until(() => (place.apns.byKey.get('KEYAAAAAAA') ?? 0) > before + 20, 'a serves again');
      await load.stop();
      expect(load.failed).toEqual([]);
      // Delivered, or told as failed: those that a sent before it left the pool.
      const stats = await a.get('/api/stat/app');
      const { push_error: told } = stats.ios as { push_error: number };
      expect(told).toBeGreaterThan(0);
      await until(() => place.missing(load).length === told, 'all others arrive');
    });

    test('with a credential refused everywhere requests are still taken, and told why they fail', async () => {
      const sync = { core: { sync: true } };
      const [a, b] = [await place.instance('KEYAAAAAAA', sync), await place.instance('KEYBBBBBBB', sync)];
      const balancer = await place.balancer(a, b);
      place.apns.revoked.add('KEYAAAAAAA').add('KEYBBBBBBB');
      const push = async () => {
        const notification = { platform: 1, tokens: ['c'.repeat(64)], topic: 'com.example.app' };
        const body = JSON.stringify({ notifications: [notification] });
        const answer = await fetch(`${balancer.url}/api/push`, { method: 'POST', body });
        return { status: answer.status, logs: ((await answer.json()) as { logs?: object[] }).logs };
      };
      for (const relay of [a, b]) await relay.push({ platform: 1, tokens: ['c'.repeat(64)], topic: 'com.example.app' });
      await up(balancer, 'a', false);
      await up(balancer, 'b', false);
      expect(await push()).toMatchObject({
        status: 200,
        logs: [{ reason: 'InvalidProviderToken', category: 'credential' }],
      });
      place.apns.revoked.clear();
      expect(await push()).toEqual({ status: 200, logs: [] });
    });

    test('gRPC calls find the instances that are ready, and none fails through a restart', async () => {
      const ports = [String(await freePort()), String(await freePort())] as const;
      const grpc = (port: string) => ({ grpc: { enabled: true, port } });
      const a = await place.instance('KEYAAAAAAA', grpc(ports[0]));
      const b = await place.instance('KEYBBBBBBB', grpc(ports[1]));
      const balancer = await place.balancer(a, b, ports);
      const client = gorushClient(balancer.grpcPort);
      let sent = 0;
      let isOver = false;
      const calls = (async () => {
        while (!isOver) {
          const device = `d${(sent++).toString(16).padStart(63, '0')}`;
          const { reply } = await client('Send', {
            platform: 1,
            tokens: [device],
            topic: 'com.example.app',
            message: 'x',
          });
          expect(reply).toMatchObject({ success: true });
          await sleep(20);
        }
      })();
      await until(() => sent > 20, 'calls are answered');
      await Promise.race([restart(a), calls]);
      await Promise.race([up(balancer, 'a'), calls]);
      isOver = true;
      await calls;
      await until(() => place.apns.got.size === sent, 'all arrive');
    });
  });
});
