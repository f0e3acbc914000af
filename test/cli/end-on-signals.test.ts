import { expect, test } from 'vitest';
import type { CliContext, Signal } from '../../src/cli/context.ts';
import { endOnSignals } from '../../src/cli/end-on-signals.ts';
import type { Log } from '../../src/observe/log/log.ts';

/** A process whose signals are sent by the test. */
function signalled() {
  const listeners = new Map<Signal, () => void>();
  const exits: number[] = [];
  const told: string[] = [];
  let ms = 0;
  const context = {
    isWorker: false,
    onSignal: (signal: Signal, listener: () => void) => void listeners.set(signal, listener),
    exit: (code: number) => void exits.push(code),
  } as unknown as CliContext;
  const log = { info: (line: string) => void told.push(line) } as unknown as Log;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  endOnSignals(context, log, { close: () => closed, reload: () => {} }, () => ms);
  return {
    send: (signal: Signal) => listeners.get(signal)?.(),
    exits,
    told,
    pass: (by: number) => (ms += by),
    resolve,
  };
}

test('one signal ends it in order', async () => {
  const { send, exits, told, resolve } = signalled();
  send('SIGTERM');
  expect([exits, told]).toEqual([[], ['SIGTERM: draining; a second signal ends the process at once']]);
  resolve();
  await expect.poll(() => exits).toEqual([0]);
});

test('Ctrl-C that comes from the terminal and once more from npm is one signal', () => {
  const { send, exits, told, pass } = signalled();
  send('SIGINT');
  send('SIGINT');
  pass(100);
  send('SIGINT');
  expect([exits, told.length]).toEqual([[], 1]);
});

test('a second signal ends it at once: the same one later, or another one', () => {
  const again = signalled();
  again.send('SIGINT');
  again.pass(300);
  again.send('SIGINT');
  expect(again.exits).toEqual([1]);
  const other = signalled();
  other.send('SIGINT');
  other.send('SIGTERM');
  expect(other.exits).toEqual([1]);
});
