import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import { type BrokerView, brokerViews } from './broker-views.ts';
import { Instance } from './instance.ts';
import { publishTokens } from './publish-tokens.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

/** After so many milliseconds what no lane takes is not in hand. */
const AT_REST_MS = 400;

for (const engine of Object.values(brokers) as BrokerEngine[])
  describe(`processes that die, on ${engine.name}`, needs(engine.program), () => {
    /** Seconds; nsqd takes no less than one. */
    const claimAfter = engine.name === 'nsq' ? 1 : 0.5;
    let broker: RunningProgram;
    let view: BrokerView;
    let serial = 0;
    const instances: Instance[] = [];

    beforeAll(async () => {
      broker = await engine.start();
      view = await brokerViews[engine.name](broker);
    });
    afterEach(async () => {
      for (const instance of instances.splice(0)) await instance.end('SIGKILL');
    });
    afterAll(async () => {
      await view?.close();
      await broker?.end();
    });

    function start(name: string, sending: 'send' | 'wait'): Instance {
      const instance = new Instance(engine.name, broker.addr, name, sending, String(claimAfter));
      instances.push(instance);
      return instance;
    }

    const publish = (name: string, tokens: readonly string[]): Promise<void> =>
      publishTokens(engine.adapter(broker, name, claimAfter), tokens);

    /** Instances one after another, until one outlives all messages. */
    async function startUntilAlive(name: string): Promise<Instance[]> {
      const all: Instance[] = [];
      for (;;) {
        const instance = start(name, 'send');
        all.push(instance);
        await until(async () => instance.isDead || (await view.count(name)) === 0, 'it dies, or nothing is left');
        if (!instance.isDead) {
          await instance.end('SIGTERM');
          return all;
        }
        expect(all.length).toBeLessThan(20);
      }
    }

    const about = (all: readonly Instance[], word: string): string[] => all.flatMap((instance) => instance.about(word));

    test('a message that kills is taken alone, set aside after some deaths, and reported; the others are delivered', async () => {
      const name = `deaths-${++serial}`;
      // On one of them while it is decoded, to save time: what is tried alone and when is one for all brokers.
      const poison = engine.name === 'redis' ? 'decode-kills' : 'send-kills';
      const others = Array.from({ length: 12 }, (_, n) => `t${n}`);
      await publish(name, others.toSpliced(6, 0, poison));
      const all = await startUntilAlive(name);
      expect(about(all, 'failed')).toEqual([`r6 SetAside ${poison === 'send-kills' ? poison : ''}`]);
      expect([...new Set(about(all, 'sent'))].toSorted()).toEqual(others.toSorted());
      await until(async () => (await view.aside(name)).length === 1, 'it is kept apart');
      const [kept] = await view.aside(name);
      expect(Buffer.from(JSON.parse(kept ?? '{}').body, 'base64').toString()).toContain(poison);
    });

    test('while a provider is away kills set nothing aside', async () => {
      const name = `deaths-${++serial}`;
      const tokens = ['t0', 't1', 't2'];
      await publish(name, tokens);
      for (let kill = 0; kill < 7; kill++) {
        const instance = start(name, 'wait');
        // From NSQ what waits for its lane goes back for a while: what has any deaths may not be here at all.
        if (engine.name !== 'nsq' || kill === 0)
          await until(() => instance.about('back').length === tokens.length, 'all are back');
        await sleep(engine.name === 'nsq' ? 2 * AT_REST_MS : AT_REST_MS);
        await instance.end('SIGKILL');
      }
      const all = await startUntilAlive(name);
      expect(about(all, 'failed')).toEqual([]);
      expect([...new Set(about(all, 'sent'))].toSorted()).toEqual(tokens);
    });
  });
