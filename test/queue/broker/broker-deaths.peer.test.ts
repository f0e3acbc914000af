import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Broker, BrokerMessage } from '../../../src/queue/broker/broker.ts';
import { needs } from '../../support/needs.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { publishTokens } from './publish-tokens.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

for (const engine of Object.values(brokers) as BrokerEngine[])
  describe(`the count of deaths, on ${engine.name}`, needs(engine.program), () => {
    /** Seconds; nsqd takes no less than one. */
    const claimAfter = engine.name === 'nsq' ? 1 : 0.5;
    let broker: RunningProgram;
    let serial = 0;
    const adapters: Broker[] = [];

    beforeAll(async () => {
      broker = await engine.start();
    });
    afterEach(async () => {
      for (const adapter of adapters.splice(0)) await adapter.close();
    });
    afterAll(async () => broker?.end());

    /** What an instance gets next. */
    async function next(name: string): Promise<{ adapter: Broker; message: BrokerMessage }> {
      const adapter = engine.adapter(broker, name, claimAfter);
      adapters.push(adapter);
      const message = await new Promise<BrokerMessage>((resolve) => {
        adapter.start({
          message: resolve,
          holds: () => false,
          isSure: () => true,
          up: () => adapter.want(1),
          down: () => {},
          tell: (_, text) => expect.unreachable(text),
        });
      });
      return { adapter, message };
    }

    test('grows with each instance that dies with the message; from the second on, where notes are kept, only if it was in hand', async () => {
      const name = `deaths-${++serial}`;
      await publishTokens(engine.adapter(broker, name, claimAfter), ['t']);
      const seen: (number | undefined)[] = [];
      const die = async (inHand = false): Promise<void> => {
        const { adapter, message } = await next(name);
        seen.push(message.deaths);
        if (inHand) await adapter.inHand?.([message.id]);
        await adapter.close();
      };
      await die();
      await die();
      await die();
      await die();
      await die(true);
      const { adapter, message } = await next(name);
      seen.push(message.deaths);
      await adapter.finish([message.id]);
      expect(seen.map((deaths) => deaths ?? 0)).toEqual(
        engine.name === 'nsq' ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 2, 2, 3],
      );
    });

    test('knows nothing of a message that was handed back in order', async () => {
      const name = `deaths-${++serial}`;
      await publishTokens(engine.adapter(broker, name, claimAfter), ['t']);
      for (let times = 0; times < 4; times++) {
        const { adapter, message } = await next(name);
        expect(message.deaths ?? 0).toBe(0);
        await adapter.stop();
        await adapter.handBack(message.id, () => Buffer.from(message.body));
        await adapter.close();
      }
    });
  });
