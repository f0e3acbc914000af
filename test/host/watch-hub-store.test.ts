import { expect, onTestFinished, test } from 'vitest';
import { watchHubStore } from '../../src/host/watch-hub-store.ts';

function watched() {
  const state: { health: { status: 'pass' | 'fail'; output?: string }; ms: number } = {
    health: { status: 'pass' },
    ms: 0,
  };
  const said: string[] = [];
  const watch = watchHubStore({
    store: { health: () => state.health },
    warn: (message) => said.push(message),
    meanwhile: 'Callers get 503',
    now: () => state.ms,
    everyMs: 1_000_000,
  });
  onTestFinished(() => watch.close());
  const pass = (ms: number): void => {
    state.ms += ms;
    watch.look();
  };
  return { state, said, watch, pass };
}

const AWAY = { status: 'fail', output: 'hub.postgres: connect ECONNREFUSED' } as const;

test('an absence is said when it begins, once a minute, and when it ends', () => {
  const { state, said, pass } = watched();
  pass(1000);
  expect(said).toEqual([]);
  state.health = AWAY;
  pass(1000);
  pass(59_000);
  expect(said).toEqual(["the hub's store is away: hub.postgres: connect ECONNREFUSED. Callers get 503"]);
  pass(1000);
  pass(1000);
  pass(60_000);
  expect(said.slice(1)).toEqual([
    "the hub's store has been away for 1 min 0 s: hub.postgres: connect ECONNREFUSED",
    "the hub's store has been away for 2 min 1 s: hub.postgres: connect ECONNREFUSED",
  ]);
  state.health = { status: 'pass' };
  pass(9000);
  pass(1000);
  expect(said.slice(3)).toEqual(["the hub's store is back after 2 min 10 s: what waited goes on"]);
});

test('each absence is one of its own, and a short one has no line in between', () => {
  const { state, said, pass } = watched();
  for (const health of [AWAY, { status: 'pass' } as const, AWAY, { status: 'pass' } as const]) {
    state.health = health;
    pass(1000);
  }
  expect(said).toHaveLength(4);
  expect(said[3]).toBe("the hub's store is back after 1 s: what waited goes on");
});

test('/readyz fails with the cause while it is away', () => {
  const { state, watch } = watched();
  expect(watch.check()).toEqual({ name: 'hub', status: 'pass' });
  state.health = AWAY;
  expect(watch.check()).toEqual({ name: 'hub', ...AWAY });
});
