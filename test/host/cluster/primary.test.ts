import { expect, test } from 'vitest';
import type { ToPrimary, ToWorker } from '../../../src/host/cluster/messages.ts';
import { ClusterPrimary, type WorkerProcess } from '../../../src/host/cluster/primary.ts';
import { until } from '../../support/until.ts';

/** A worker that serves when it is told to, and ends when it is told to stop. */
class FakeWorker implements WorkerProcess {
  readonly heard: ToWorker['type'][] = [];
  readonly messages: ToWorker[] = [];
  #listener: (message: ToPrimary) => void = () => {};
  #exit: (how: string) => void = () => {};
  /** Of messages that it reads: they have left the primary. */
  reads = true;
  readonly #unread: (() => void)[] = [];
  send(message: ToWorker, sent = () => {}): void {
    this.heard.push(message.type);
    this.messages.push(message);
    if (this.reads) sent();
    else this.#unread.push(sent);
    if (message.type === 'stop') this.end('exit code 0');
  }
  onMessage(listener: (message: ToPrimary) => void): void {
    this.#listener = listener;
  }
  onExit(listener: (how: string) => void): void {
    this.#exit = listener;
  }
  read(): void {
    for (const sent of this.#unread.splice(0)) sent();
  }
  say(message: ToPrimary): void {
    this.#listener(message);
  }
  serve(): void {
    this.#listener({ type: 'ready', url: 'http://localhost' });
  }
  end(how: string): void {
    this.#exit(how);
  }
}

async function startPrimary(count = 2) {
  const workers: FakeWorker[] = [];
  const told: string[] = [];
  let stillborn = 0;
  const primary = new ClusterPrimary({
    workers: count,
    fork() {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    tell: (level, message) => void told.push(`${level} ${message}`),
    onStillborn: () => void stillborn++,
  });
  const started = primary.start();
  for (const worker of workers) worker.serve();
  await started;
  const forked = async (count: number): Promise<FakeWorker> => {
    await until(() => workers.length >= count);
    return workers[count - 1] as FakeWorker;
  };
  return { primary, workers, told, forked, stillborn: () => stillborn };
}

test('a restart ends with the first worker that cannot serve, and those that can go on', async () => {
  const { primary, workers, told, forked, stillborn } = await startPrimary();
  const restarted = primary.restart();
  (await forked(3)).end('exit code 1');
  await restarted;
  expect(told).toEqual([
    'error a new worker ended by exit code 1 before it served; the workers that there are go on and are not restarted',
  ]);
  expect(workers.slice(0, 2).map(({ heard }) => heard)).toEqual([[], []]);
  expect(stillborn()).toBe(0);

  const again = primary.restart();
  (await forked(4)).serve();
  (await forked(5)).serve();
  await again;
  expect(workers.slice(0, 2).map(({ heard }) => heard)).toEqual([['stop'], ['stop']]);
  await primary.close();
});

test('a worker that died is replaced, and tried for until one serves, while the others go on', async () => {
  const { primary, workers, told, forked, stillborn } = await startPrimary();
  workers[0]?.end('signal SIGKILL');
  (await forked(3)).end('exit code 1');
  (await forked(4)).serve();
  expect(told).toEqual([
    'error a worker ended by signal SIGKILL; its queue file is taken over by the others, and it is replaced',
    'error a new worker ended by exit code 1 before it served; another one is tried',
  ]);
  expect(stillborn()).toBe(0);
  await primary.close();
  expect(workers[3]?.heard).toEqual(['stop']);
});

test('where no worker can serve at the start, the whole ends', async () => {
  let stillborn = 0;
  const worker = new FakeWorker();
  const primary = new ClusterPrimary({
    workers: 1,
    fork: () => worker,
    tell: () => {},
    onStillborn: () => void stillborn++,
  });
  void primary.start().catch(() => {});
  worker.end('exit code 1');
  expect(stillborn).toBe(1);
});

test('an end that comes before all workers serve is an end in order', async () => {
  const workers: FakeWorker[] = [];
  const primary = new ClusterPrimary({
    workers: 2,
    fork() {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    tell() {},
    onStillborn: () => expect.unreachable(),
  });
  let failed: unknown;
  void primary.start().catch((error) => {
    failed = error;
  });
  workers[0]?.serve();
  await primary.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(failed).toBeUndefined();
});

test('what a worker says of streams reaches the others, and waits for none that stands still', async () => {
  const { primary, workers } = await startPrimary(3);
  const [one, two, three] = workers as [FakeWorker, FakeWorker, FakeWorker];
  two.reads = false;
  for (let count = 0; count < 100; count++) one.say({ type: 'wake', text: `${count}` });
  const wakes = ({ heard }: FakeWorker) => heard.filter((type) => type === 'wake').length;
  expect([wakes(one), wakes(two), wakes(three)]).toEqual([0, 64, 100]);
  two.read();
  one.say({ type: 'wake', text: 'more' });
  expect(wakes(two)).toBe(65);
  await primary.close();
});

test('who is connected to one worker is known to the others until it leaves, or its worker has ended', async () => {
  const { primary, workers } = await startPrimary();
  const [one, other] = workers as [FakeWorker, FakeWorker];
  let id = 0;
  const stateOf = async (user: string): Promise<string | undefined> => {
    const before = other.messages.length;
    other.say({ type: 'presence', calls: [{ id: ++id, do: 'look', users: [user] }] });
    await until(() => other.messages.length > before);
    const last = other.messages.at(-1);
    if (last?.type !== 'presence') throw new Error(`what came is ${last?.type}`);
    expect(last.answers.map((answer) => answer.id)).toEqual([id]);
    return last.answers[0]?.views?.[0]?.state;
  };
  expect(await stateOf('ada')).toBe('offline');
  const join = (key: string, user: string) => ({ id: 1, do: 'join', key, user, place: { instance: 'one' } }) as const;
  one.say({ type: 'presence', calls: [join('a', 'ada'), join('b', 'bob')] });
  expect([await stateOf('ada'), await stateOf('bob')]).toEqual(['active', 'active']);
  one.say({ type: 'presence', calls: [{ id: 2, do: 'leave', key: 'b' }] });
  expect([await stateOf('ada'), await stateOf('bob')]).toEqual(['active', 'offline']);
  one.end('signal SIGKILL');
  await until(async () => (await stateOf('ada')) === 'offline');
  await primary.close();
});
