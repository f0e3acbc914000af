import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { builtIn } from '../../../src/providers/registry.ts';
import type { Failed, Settlement } from '../../../src/push/push.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import { createRestore } from '../../../src/relay/restore.ts';
import { needs } from '../../support/needs.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import { entryOf, LANE, push, settleAll, take } from './broker-entries.ts';
import { type BrokerView, brokerViews } from './broker-views.ts';
import { type BrokerEngine, brokers } from './real-brokers.ts';

const SECRET = 'a text that no log may have';
const base64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const good = { platform: 1, tokens: ['good'], message: SECRET };
const message = (notification: unknown, martlet?: unknown): string =>
  JSON.stringify({ body: base64(notification), ...(martlet === undefined ? {} : { martlet }) });

/** Messages that no version wrote. None is a push. */
const unreadable: readonly string[] = [
  SECRET,
  '{',
  'null',
  '0',
  '"text"',
  '[]',
  '{}',
  '\uFEFF{}',
  '{"body":null}',
  '{"body":{}}',
  `{"body":"${SECRET}"}`,
  '{"body":""}',
  `{"notifications":[${JSON.stringify(good)}]}`,
  message(null),
  message([good]),
  message(SECRET),
  message({ ...good, tokens: SECRET }),
  message({ ...good, tokens: [7] }),
  message({ ...good, tokens: { length: 2 } }),
  message({ ...good, platform: SECRET }),
  message({ ...good, platform: 1.5 }),
  message('{"platform":1e400,"tokens":["good"]}'),
  message({ ...good, message: { text: SECRET } }),
  message({ ...good, data: SECRET }),
  message(`${JSON.stringify(good)}}`),
  message(`{"tokens":${'['.repeat(20_000)}`),
  JSON.stringify({ body: Buffer.from(JSON.stringify(good), 'utf16le').toString('base64') }),
];

/** What is odd about these concerns nothing that is sent: they are pushes, and delivered. */
const odd: readonly string[] = [
  message({ ...good, unknown: { deep: [1, 2, 3] } }),
  message({ ...good, Tokens: ['good'] }),
  message(good, null),
  message(good, SECRET),
  message(good, { id: 7, app: [], at: 'yesterday', trace: {}, first: 'r', done: {} }),
  message(good, { id: '', app: '', at: -1, trace: SECRET }),
  message(good, { at: Number.MAX_VALUE }),
  message(good, { done: '?' }),
  message(good, { done: '' }),
  message(good, { __proto__: null, constructor: 1 }),
  JSON.stringify({ body: base64(good), retry_count: 'x', timeout: -1 }),
];

for (const engine of Object.values(brokers) as BrokerEngine[])
  describe(`messages that no version wrote, in ${engine.name}`, needs(engine.program), () => {
    let broker: RunningProgram;
    let view: BrokerView;
    let serial = 0;
    const queues: Queue[] = [];

    beforeAll(async () => {
      broker = await engine.start();
      view = await brokerViews[engine.name](broker);
    });
    afterEach(async () => {
      for (const queue of queues.splice(0)) await queue.close();
    });
    afterAll(async () => {
      await view?.close();
      await broker?.end();
    });

    async function opened() {
      const name = `foreign-${++serial}`;
      const failed: Settlement[] = [];
      const told: string[] = [];
      const restore = createRestore({
        decoder: builtIn.decoder,
        appOf: () => ({ app: 'default' }),
        outcomes: { refused: (settlements) => void failed.push(...settlements) },
        onDamage: (text) => told.push(text),
      });
      const route = (app: string) => {
        const { lane, platform, provider, environment, slice } = entryOf({ platform: 1, tokens: [] });
        const rules = builtIn.ofPlatform('ios')?.requests ?? expect.unreachable('there is iOS');
        return { app, lane, platform, provider, environment, slice, rules };
      };
      const queue = engine.open(broker, name, {
        limit: 1000,
        wake: () => {},
        restore: (stored) => restore(stored, { route }),
        tell: (_, text) => told.push(text),
      });
      queues.push(queue);
      await queue.append([push('first')]);
      settleAll(queue, await take(queue, 1));
      await until(async () => (await view.count(name)) === 0, 'it is ready');
      return { name, queue, failed, told };
    }

    test('each is reported as failed and acknowledged, without a word of what it holds; what comes after it is delivered', async () => {
      const { name, queue, failed, told } = await opened();
      for (const text of unreadable) await view.put(name, text);
      await view.put(name, message(good));
      settleAll(queue, await take(queue, 1));
      await until(() => failed.length >= unreadable.length, 'all are reported');
      await until(async () => (await view.count(name)) === 0, 'all are acknowledged');
      expect(failed).toHaveLength(unreadable.length);
      for (const { targets, outcomes, app, requestId } of failed) {
        expect({ targets, app }).toEqual({ targets: [''], app: 'default' });
        expect(requestId).not.toBe('');
        expect(outcomes).toMatchObject([{ reason: 'Unreadable', category: 'invalid_request' }]);
      }
      const said = [...told, ...failed.map(({ outcomes }) => (outcomes[0] as Failed).error)].join('\n');
      expect(said).not.toContain(SECRET);
      await until(async () => (await view.aside(name)).length === unreadable.length, 'all are kept apart');
    });

    test('what is odd in a way that does not matter is delivered', async () => {
      const { name, queue, failed } = await opened();
      for (const text of odd) await view.put(name, text);
      const batches = await take(queue, odd.length);
      expect(batches.map(({ targets }) => targets)).toEqual(odd.map(() => ['good']));
      settleAll(queue, batches);
      expect(queue.take(LANE, 9)).toBeUndefined();
      await until(async () => (await view.count(name)) === 0, 'all are finished');
      expect(failed).toEqual([]);
    });
  });
