import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRelay, startRelay } from '../../e2e/running-relay.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { type Sandbox, startSandbox } from '../../support/sandbox-of-three.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

const all: BrokerEngine[] = Object.values(brokers);

const ios = (token: string) => ({ platform: 1, tokens: [token], topic: 'com.example', message: 'hi' });
const android = (token: string) => ({ platform: 2, tokens: [token], message: 'hi' });
const hex = (n: number): string => n.toString(16).padStart(64, '0');
const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => prefix + hex(n));

interface Overlay {
  readonly core?: object;
}

for (const engine of all)
  describe(`relays on ${engine.name}`, needs(engine.program), () => {
    let broker: RunningProgram;
    let sandbox: Sandbox;
    const relays: RunningRelay[] = [];
    let serial = 0;
    let queue = '';

    beforeAll(async () => {
      broker = await engine.start();
    });
    afterAll(async () => broker?.end());
    afterEach(async () => {
      for (const relay of relays.splice(0)) await relay[Symbol.asyncDispose]();
      await sandbox?.close();
    });

    /** So many processes that share a broker, a queue of their own on it, and the providers. */
    async function start(count: number, overlay: Overlay = {}): Promise<RunningRelay[]> {
      queue = `relays-${++serial}`;
      sandbox = await startSandbox({ checks: { topic: false, token: false }, remember: 100_000 });
      return Promise.all(Array.from({ length: count }, () => join(overlay)));
    }

    /** One more process on the same queue. */
    async function join(overlay: Overlay = {}): Promise<RunningRelay> {
      const settings = { engine: engine.name, [engine.name]: engine.settings(broker, queue, 2) };
      const platforms = { ios: { max_retry: 5 }, android: { max_retry: 5 } };
      const relay = await startRelay({ ...platforms, ...overlay, queue: settings }, {}, sandbox);
      relays.push(relay);
      return relay;
    }

    const arrived = (): Set<string> => new Set(sandbox.deliveries().map(({ target }) => target));
    const hasAll = (tokens: readonly string[]) => (): boolean => {
      const got = arrived();
      return tokens.every((token) => got.has(token));
    };

    test('a request is answered when the broker has it, and delivered', async () => {
      const [relay] = (await start(1)) as [RunningRelay];
      const tokens = names('', 10);
      const answer = await relay.push(...tokens.map(ios));
      expect(answer).toMatchObject({ status: 200, body: { counts: 20, success: 'ok', logs: [] } });
      await until(hasAll(tokens), 'all arrive');
      expect(sandbox.delivered()).toBe(10);
      const ready = await relay.get('/readyz');
      expect(JSON.stringify(ready)).toContain('queue');
      expect(relay.output()).not.toMatch(/error/i);
    });

    test('sync mode answers at once, as in Gorush: the push may go out elsewhere', async () => {
      const [relay] = (await start(1, { core: { sync: true } })) as [RunningRelay];
      const answer = await relay.push(ios(`dead0410${hex(1).slice(8)}`));
      expect(answer.body).toMatchObject({ success: 'ok', logs: [] });
    });

    test('what a killed process had under way is delivered by another', async () => {
      const [first] = (await start(1)) as [RunningRelay];
      const tokens = names('', 80);
      // Never answered, so that nobody can tell whether it was taken; the next time accepted.
      for (const token of tokens) sandbox.script(token, 'silent', 'accept');
      for (const token of tokens) expect((await first.push(android(token))).status).toBe(200);
      await join();
      expect(sandbox.delivered()).toBe(0);
      first.child.kill('SIGKILL');
      await first.ended();
      await until(hasAll(tokens), 'all arrive');
    });

    test('a push that waits for its retry outlives the process', async () => {
      const [only] = (await start(1)) as [RunningRelay];
      const token = `dead1429${hex(7).slice(8)}`;
      await only.push(ios(token));
      const deferred = async (): Promise<boolean> =>
        /^martlet_queue_deferred_pushes 1$/m.test(await (await fetch(`${only.url}/metrics`)).text());
      await until(deferred, 'it waits for its retry');
      only.child.kill('SIGKILL');
      await only.ended();
      await only.restart();
      await until(hasAll([token]), 'it arrives');
    });

    test('three relays share the work', async () => {
      const three = await start(3);
      const tokens = names('', 900);
      for (let from = 0; from < tokens.length; from += 15) {
        await three[0]?.push(...tokens.slice(from, from + 15).map(ios));
      }
      await until(hasAll(tokens), 'all arrive');
      // A push arrives a moment before it is counted.
      await eventually(async () => {
        const stats = await Promise.all(three.map((relay) => relay.get('/api/stat/app')));
        const counts = stats.map(({ ios }) => (ios as { push_success: number }).push_success);
        for (const count of counts) expect(count).toBeGreaterThan(0);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(900);
      });
    });

    test('a full queue refuses a request wholly, with 503 and Retry-After', async () => {
      const [relay] = (await start(1, { core: { queue_num: 5 } })) as [RunningRelay];
      const silent = names('dead0000', 4);
      expect((await relay.push(...silent.map(ios))).status).toBe(200);
      const tokens = names('', 2);
      const response = await fetch(`${relay.url}/api/push`, {
        method: 'POST',
        body: JSON.stringify({ notifications: tokens.map(ios) }),
      });
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      await sleep(200);
      expect(hasAll(tokens.slice(0, 1))()).toBe(false);
    });

    test('three relays, one of them killed under load: nothing that was accepted is lost', async () => {
      const three = await start(3);
      const [victim] = three as [RunningRelay];
      const accepted: string[] = [];
      const clients = three.map(async (relay, which) => {
        for (let n = 0; n < 150; n++) {
          const token = hex(which * 1000 + n);
          const answer = await relay.push(ios(token)).catch(() => undefined);
          if (answer?.status === 200) accepted.push(token);
          if (relay === victim && n === 75) victim.child.kill('SIGKILL');
        }
      });
      await Promise.all(clients);
      expect(accepted.length).toBeGreaterThan(300);
      await until(hasAll(accepted), 'all arrive');
    });

    test('a restart of the broker in the middle of a run loses nothing', async () => {
      const [relay] = (await start(1)) as [RunningRelay];
      const accepted: string[] = [];
      let refused = 0;
      let running = true;
      const client = (async () => {
        for (let n = 0; running; n++) {
          const token = hex(n);
          const { status } = await relay.push(ios(token));
          if (status === 200) accepted.push(token);
          else refused++;
          await sleep(5);
        }
      })();
      await until(() => accepted.length >= 100, 'a hundred are accepted');
      // nsqd keeps on disk what waits, but what it has handed out only when it ends in order.
      await broker.stop(engine.name === 'nsq' ? 'SIGTERM' : 'SIGKILL');
      await until(() => refused > 0, 'a request is refused');
      await until(async () => (await fetch(`${relay.url}/readyz`)).status === 503, 'not ready');
      await broker.start();
      const before = accepted.length;
      await until(() => accepted.length >= before + 100, 'a hundred more are accepted');
      running = false;
      await client;
      await until(hasAll(accepted), 'all arrive');
      await until(async () => (await fetch(`${relay.url}/readyz`)).status === 200, 'ready again');
    });
  });
