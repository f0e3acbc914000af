/**
 * People who listen, and those who publish to them, in a process of its own: so sent and arrived are by one clock. On bare sockets, which
 * cost it a few microseconds an event.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../left-behind.ts';
import { percentiles } from '../measure.ts';
import { RequestPool } from './request-pool.ts';
import { personName, type SpeechName, speechOf } from './stream-requests.ts';

export interface StreamsOrder {
  readonly port: number;
  readonly speech: SpeechName;
  readonly authorization: string;
  readonly people: number;
}

export interface PublishOrder {
  /** Events a second, over all people; undefined: one to each of them, as soon as may be. */
  readonly perSecond?: number;
  readonly seconds?: number;
  /** Many people a request, where the server can do that. */
  readonly isMany: boolean;
  readonly limitMs: number;
}

export interface Published {
  readonly seconds: number;
  readonly expected: number;
  readonly arrived: number;
  /** Milliseconds from sent to arrived. */
  readonly p50?: number;
  readonly p99?: number;
  readonly failure?: string;
}

export interface StreamClients {
  /** Opens a stream for each person. @returns seconds that it took */
  open(order: StreamsOrder): Promise<number>;
  publish(order: PublishOrder): Promise<Published>;
  close(): void;
}

const OPENED_AT_ONCE = 100;
const PUBLISHERS = 64;
const MOST_PEOPLE = 10_000;
const TICK_MS = 20;
const STAMP = /@(\d+\.\d+)@/g;

class Listeners {
  readonly #times: number[] = [];
  readonly #sockets: Socket[] = [];
  #order: StreamsOrder | undefined;

  async open(order: StreamsOrder): Promise<number> {
    this.#order = order;
    const begun = performance.now();
    let next = 0;
    const openSome = async (): Promise<void> => {
      while (next < order.people) await this.#openOne(order, personName(next++));
    };
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openSome));
    return (performance.now() - begun) / 1000;
  }

  async publish({ perSecond, seconds = 0, isMany, limitMs }: PublishOrder): Promise<Published> {
    const { port, people, speech, authorization } = this.#order as StreamsOrder;
    const say = speechOf(speech, authorization);
    const pool = new RequestPool(port, PUBLISHERS);
    this.#times.length = 0;
    const send = (some: readonly string[]): Promise<unknown> => {
      const text = (): string => `@${performance.now().toFixed(3)}@ Your parcel has arrived: Harbour Street 7`;
      if (isMany && say.publishMany) return pool.send(say.publishMany(some, text()));
      return Promise.all(some.map((person) => pool.send(say.publish(person, text()))));
    };
    const begun = performance.now();
    const all = Array.from({ length: people }, (_, index) => personName(index));
    const parts = perSecond === undefined ? pieces(all, MOST_PEOPLE) : rounds(all, perSecond, seconds);
    const expected = parts.reduce((sum, { length }) => sum + length, 0);
    const sent: Promise<unknown>[] = [];
    for (const [index, part] of parts.entries()) {
      if (perSecond !== undefined) await until(() => performance.now() - begun >= index * TICK_MS);
      sent.push(send(part));
    }
    const last = performance.now() + limitMs;
    await until(() => this.#times.length >= expected || performance.now() > last);
    const took = (performance.now() - begun) / 1000;
    if (this.#times.length >= expected) await Promise.all(sent);
    pool.close();
    const arrived = this.#times.length;
    return {
      ...{ seconds: took, expected, arrived, ...percentiles(this.#times) },
      ...(pool.failure === undefined ? {} : { failure: pool.failure }),
    };
  }

  /** Resolves when the answer has begun. */
  #openOne({ port, speech, authorization }: StreamsOrder, person: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      this.#sockets.push(socket);
      let rest = '';
      let isOpen = false;
      socket.setEncoding('latin1');
      socket.on('error', reject);
      socket.on('data', (chunk: string) => {
        if (!isOpen) {
          isOpen = true;
          if (chunk.startsWith('HTTP/1.1 200')) resolve();
          else reject(new Error(`a stream was refused: ${chunk.slice(0, 200)}`));
        }
        rest = this.#read(rest + chunk);
      });
      const path = speechOf(speech, authorization).stream(person);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n\r\n`);
    });
  }

  /** @returns what may be the beginning of a stamp */
  #read(text: string): string {
    const now = performance.now();
    let end = 0;
    for (const found of text.matchAll(STAMP)) {
      this.#times.push(now - Number(found[1]));
      end = found.index + found[0].length;
    }
    const open = text.indexOf('@', end);
    return open === -1 ? '' : text.slice(open);
  }
}

const pieces = (all: readonly string[], size: number): (readonly string[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));

/** What is sent at each tick, person after person. */
function rounds(all: readonly string[], perSecond: number, seconds: number): (readonly string[])[] {
  const each = Math.round((perSecond * TICK_MS) / 1000);
  return Array.from({ length: Math.round((seconds * 1000) / TICK_MS) }, (_, tick) =>
    Array.from({ length: each }, (_each, index) => all[(tick * each + index) % all.length] as string),
  );
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((again) => setTimeout(again, 1));
}

type Call = { readonly open: StreamsOrder } | { readonly publish: PublishOrder };
type Told = { readonly result: unknown } | { readonly error: string };

/** Starts the process. */
export async function startStreamClients(): Promise<StreamClients> {
  const child = killAtExit(fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  await once(child, 'message');
  async function call(asked: Call): Promise<unknown> {
    const told = Promise.race([once(child, 'message'), once(child, 'exit')]);
    child.send(asked);
    const [answer] = (await told) as [Told | number];
    if (typeof answer !== 'object' || 'error' in answer)
      throw new Error(`the clients ended: ${typeof answer === 'object' ? answer.error : answer}`);
    return answer.result;
  }
  return {
    open: async (open) => (await call({ open })) as number,
    publish: async (publish) => (await call({ publish })) as Published,
    close: () => child.kill('SIGKILL'),
  };
}

function main(): void {
  const listeners = new Listeners();
  process.on('message', (call: Call) => {
    const work: Promise<unknown> = 'open' in call ? listeners.open(call.open) : listeners.publish(call.publish);
    work.then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

if (import.meta.main) main();
