import { describe, expect, test } from 'vitest';
import type { WakeUp } from '../../../src/streams/router/stream-router.ts';
import { readWakeMessage } from '../../../src/streams/router/wake-message.ts';
import { WakeOutbox } from '../../../src/streams/router/wake-outbox.ts';
import { eventually } from '../../support/eventually.ts';

const turn = () => new Promise(setImmediate);
const woken = (user: string, payload = '1'): WakeUp => ({
  user,
  event: { id: 'e.1', type: 'test', payload, timestamp: '2026-05-08T10:00:00Z' },
});

/** A place that takes messages when it is let. */
function placeOf(most?: number) {
  const texts: string[] = [];
  const answers: (() => void)[] = [];
  const outbox = new WakeOutbox({
    ...{ from: 'me', most },
    post: (text) => {
      texts.push(text);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const messages = (): readonly WakeUp[][] => texts.map((text) => readWakeMessage(text)?.wakeUps as WakeUp[]);
  return { outbox, texts, messages, answer: () => answers.shift()?.() };
}

describe('wake-ups on their way', () => {
  test('of one turn leave together', async () => {
    const { outbox, messages } = placeOf();
    outbox.add([woken('ada')]);
    outbox.add([woken('bob'), { user: 'eve', gone: true }]);
    await turn();
    expect(messages()).toEqual([[woken('ada'), woken('bob'), { user: 'eve', gone: true }]]);
  });

  test('are in messages of a bounded size, and an event too large for one is left out', async () => {
    const { outbox, messages, texts } = placeOf();
    const large = JSON.stringify('x'.repeat(40_000));
    outbox.add([
      woken('a', large),
      woken('b', large),
      woken('c', large),
      woken('d', JSON.stringify('y'.repeat(70_000))),
    ]);
    await turn();
    expect(messages().map((some) => some.map(({ user }) => user))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(messages()[1]?.[1]).toEqual({ user: 'd' });
    expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(200_000);
  });

  test('that wait for a place which does not keep up are names, each once, however many there were', async () => {
    const { outbox, messages, answer } = placeOf(2);
    for (const user of ['a', 'b']) {
      outbox.add([woken(user)]);
      await turn();
    }
    for (let round = 0; round < 1000; round++)
      outbox.add([woken(`p${round % 10}`, JSON.stringify('x'.repeat(10_000)))]);
    outbox.add([{ user: 'p3', gone: true }]);
    await turn();
    expect(messages()).toHaveLength(2);
    answer();
    await eventually(() => expect(messages()).toHaveLength(3));
    const names = Array.from({ length: 10 }, (_, index) => ({
      user: `p${index}`,
      ...(index === 3 ? { gone: true } : {}),
    }));
    expect(messages()[2]).toEqual(names);
    answer();
    await turn();
    // It keeps up again: what comes now has its event.
    outbox.add([woken('c')]);
    await eventually(() => expect(messages()[3]).toEqual([woken('c')]));
  });

  test('are gone when it is closed', async () => {
    const { outbox, messages } = placeOf();
    outbox.add([woken('a')]);
    outbox.close();
    outbox.add([woken('b')]);
    await turn();
    await turn();
    expect(messages()).toEqual([]);
  });
});

describe('a message of others', () => {
  test.each(['', '{', 'null', '[]', '{"from":1,"wakeUps":[]}', '{"from":"x"}'])(
    'that is none is passed over: %s',
    (text) => {
      expect(readWakeMessage(text)).toBeUndefined();
    },
  );

  test('is read as far as it is one', () => {
    const event = woken('a').event;
    const wakeUps = [
      null,
      1,
      { user: 1 },
      { user: 'a', event: { ...event, id: 1 } },
      { user: 'b', event, gone: 1, more: 2 },
    ];
    expect(readWakeMessage(JSON.stringify({ from: 'x', wakeUps }))?.wakeUps).toEqual([
      { user: 'a' },
      { user: 'b', event },
    ]);
  });
});
