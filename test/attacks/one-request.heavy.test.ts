import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenApiDocument } from '../../src/api/openapi/document.ts';
import type { JsonObject } from '../../src/push/push.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { costOf } from './attacked-relay.ts';
import { SHAPES, type TextField, textFields } from './text-fields.ts';

const MB = 2 ** 20;
/** What a harmless request of the same size may be cheaper by: a square of 60,000 characters takes seconds, and a hundred fields have them. */
const FREE_MS = 1500;
const MOST = 8;

const tokensOf = (count: number): string[] => Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, '0'));

interface Answer {
  readonly status: number;
  readonly size: number;
}

async function post(relay: RunningRelay, notifications: readonly object[]): Promise<Answer> {
  const response = await fetch(`${relay.url}/api/push`, { method: 'POST', body: JSON.stringify({ notifications }) });
  return { status: response.status, size: (await response.text()).length };
}

/** A push that goes out on its platform, whatever else it says. */
const base = (platform: number) => ({
  platform,
  tokens: tokensOf(1),
  ...(platform === 1 ? { topic: 'com.example' } : {}),
});

describe.each([false, true])('one request (sync: %s)', (sync) => {
  let relay: RunningRelay;
  let fields: readonly TextField[];

  beforeAll(async () => {
    relay = await startRelay({ core: { sync }, log: { access_level: 'info' }, queue: { backoff: 0.01 } });
    const { schemas } = ((await relay.get('/openapi.json')) as unknown as OpenApiDocument).components;
    fields = textFields({ $ref: '#/components/schemas/Notification' }, schemas);
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  it.each([1, 2, 3, 9])(
    'of 9 MB for 200 tokens of platform %i costs little more than for one token, and is written three times at most',
    async (platform) => {
      const texts = { message: 'm'.repeat(5 * MB), notif_id: 'n'.repeat(4 * MB) };
      const sent = 9 * MB;
      const one = await costOf(relay, () => post(relay, [{ ...base(platform), ...texts }]));
      let answered = 0;
      const many = await costOf(relay, async () => {
        answered = (await post(relay, [{ ...base(platform), ...texts, tokens: tokensOf(200) }])).size;
      });
      expect(many.cpuMs).toBeLessThan(MOST * one.cpuMs + FREE_MS);
      expect(answered).toBeLessThan(3 * sent + MB);
      expect(many.logged).toBeLessThan(3 * sent + MB);
    },
  );

  /** One notification for each field that takes such a text: those of the others are refused, and asked for one by one. */
  async function sortedFields(platform: number, shape: (length: number) => string) {
    const small = shape(12);
    const taken: TextField[] = [];
    const refused: TextField[] = [];
    for (const field of fields) {
      const { status } = await post(relay, [{ ...base(platform), ...(field.value(small) as JsonObject) }]);
      (status === 200 ? taken : refused).push(field);
    }
    return { taken, refused };
  }

  // In sync mode, where the answer holds what became of the push.
  const shapes = sync ? Object.keys(SHAPES) : ['letters'];
  it.each(shapes)('with %s in any field, taken or refused, costs what letters cost', async (name) => {
    const shape = SHAPES[name] as (length: number) => string;
    expect(fields.length).toBeGreaterThan(120);
    const { taken, refused } = await sortedFields(1, shape);
    const filled = (some: readonly TextField[], platform: number, text: string) =>
      some.map((field) => ({ ...base(platform), ...(field.value(text) as JsonObject) }));
    for (const platform of [1, 2, 3]) {
      const send = async (text: string): Promise<void> => {
        // As many notifications as a request may have, and as much as a body may be.
        for (let from = 0; from < taken.length; from += 60)
          await post(relay, filled(taken.slice(from, from + 60), platform, text));
        for (const each of filled(refused, platform, text)) await post(relay, [each]);
      };
      const letters = await costOf(relay, () => send((SHAPES.letters as typeof shape)(60_000)));
      const attack = await costOf(relay, () => send(shape(60_000)));
      expect(attack.cpuMs, `platform ${platform}`).toBeLessThan(MOST * letters.cpuMs + FREE_MS);
    }
  });
});
