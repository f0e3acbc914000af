import { expect, test } from 'vitest';
import { Turns } from '../../src/carrier/turns.ts';

test('tasks of one name run one after another, others at once', async () => {
  const turns = new Turns(() => 0);
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise<void>((resolve) => gates.set(name, resolve));
    log.push(`${name} ends`);
  };
  const all = [
    turns.run('a', task('a1')),
    turns.run('a', task('a2')),
    turns.run('b', task('b1')),
    turns.run(undefined, task('c')),
  ];
  expect(log).toEqual(['a1 begins', 'b1 begins', 'c begins']);
  gates.get('a1')?.();
  await all[0];
  expect(log.slice(3)).toEqual(['a1 ends', 'a2 begins']);
  for (const name of ['a2', 'b1', 'c']) gates.get(name)?.();
  await turns.onIdle();
  expect(log).toHaveLength(8);
});

test('a name is held for its time, and no other', () => {
  let now = 1000;
  const turns = new Turns(() => now);
  turns.hold('a', 500);
  turns.hold('b', undefined);
  expect([turns.heldMs('a'), turns.heldMs('b'), turns.heldMs(undefined)]).toEqual([500, 0, 0]);
  now = 1499;
  expect(turns.heldMs('a')).toBe(1);
  now = 1500;
  expect(turns.heldMs('a')).toBe(0);
});
