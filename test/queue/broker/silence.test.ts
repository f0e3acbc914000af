import { expect, test } from 'vitest';
import { Silence } from '../../../src/queue/broker/silence.ts';

const words = (fields: Record<string, string>) => new Map(Object.entries(fields));

test('who says the same for so long is silent, and who says another thing is not', () => {
  const silence = new Silence(400, 100);
  for (let look = 0; look < 4; look++)
    expect(silence.look(look * 100, words({ dead: '7', alive: `${look}` })).size).toBe(0);
  expect([...silence.look(400, words({ dead: '7', alive: '4' }))]).toEqual([['dead', 400]]);
});

test('the time of an outage, or of a pause of this instance, makes no instance silent', () => {
  const silence = new Silence(400, 100);
  silence.look(0, words({ other: '1' }));
  silence.look(100, words({ other: '1' }));
  expect(silence.look(60_000, words({ other: '1' })).size).toBe(0);
  expect(silence.look(60_100, words({ other: '2' })).size).toBe(0);
});

test('who says nothing, or comes back, begins again', () => {
  const silence = new Silence(200, 100);
  silence.look(0, words({ other: '1' }));
  silence.look(100, words({}));
  expect(silence.look(200, words({ other: '1' })).size).toBe(0);
  silence.look(300, words({ other: '1' }));
  silence.forget();
  expect(silence.look(400, words({ other: '1' })).size).toBe(0);
});

test('what a server says that has forgotten the latest is another word', () => {
  const silence = new Silence(200, 100);
  silence.look(0, words({ other: '9' }));
  silence.look(100, words({ other: '9' }));
  expect(silence.look(200, words({ other: '8' })).size).toBe(0);
});
