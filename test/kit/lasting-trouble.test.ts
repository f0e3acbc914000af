import { expect, test } from 'vitest';
import { LastingTrouble } from '../../src/kit/lasting-trouble.ts';

test('trouble is a line when it begins, one a minute, and one when it is over', () => {
  let now = 0;
  const said: string[] = [];
  const trouble = new LastingTrouble(() => now);
  const fails = () => trouble.failed(() => said.push(`fails at ${now / 1000}`));
  const works = () => trouble.succeeded((seconds) => said.push(`works after ${seconds} s`));
  works();
  for (; now < 150_000; now += 10_000) fails();
  works();
  works();
  fails();
  expect(said).toEqual(['fails at 0', 'fails at 60', 'fails at 120', 'works after 150 s', 'fails at 150']);
});
