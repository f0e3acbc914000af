import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Agent } from 'undici';
import type { ToPrimary, ToWorker } from '../../../src/host/cluster/messages.ts';
import { ClusterPrimary, type WorkerProcess } from '../../../src/host/cluster/primary.ts';
import { noSnapshot } from '../../../src/host/cluster/totals.ts';
import { joinCluster } from '../../../src/host/cluster/worker.ts';
import { RedisRouter } from '../../../src/streams/redis/redis-router.ts';
import { ChannelRouter } from '../../../src/streams/router/channel-router.ts';
import { PostRouter } from '../../../src/streams/router/post-router.ts';
import type { StreamRouter, WakeUp } from '../../../src/streams/router/stream-router.ts';
import { awaiting } from '../../support/awaiting.ts';
import type { RequirementName } from '../../support/requirements.ts';
import { linkedRouters } from '../linked-routers.ts';
import { startStreamsRedis } from '../redis/streams-redis.ts';

/** Routers of instances that reach each other in one way. */
export interface RouterPlace {
  /** Undefined: they have none, and ask the store. */
  readonly routers: readonly (StreamRouter | undefined)[];
  /** Wake-ups are lost from now on. */
  stop(): Promise<void>;
  /** The way is there again. */
  start(): Promise<void>;
  /** Nothing arrives, and nothing fails. */
  stall(): void;
  go(): void;
  end(): Promise<void>;
}

export interface RouterUnderTest {
  readonly name: string;
  /** Readers elsewhere learn of news without asking the store. */
  readonly isAtOnce: boolean;
  readonly needs: readonly RequirementName[];
  start(instances: number): Promise<RouterPlace>;
}

const polling: RouterUnderTest = {
  name: 'none, by asking the store',
  isAtOnce: false,
  needs: [],
  start: async (instances) => ({
    routers: Array.from({ length: instances }, () => undefined),
    async stop() {},
    async start() {},
    stall() {},
    go() {},
    async end() {},
  }),
};

const inProcess: RouterUnderTest = {
  name: 'in one process',
  isAtOnce: true,
  needs: [],
  async start(instances) {
    let way: 'open' | 'lost' | 'stalled' = 'open';
    const held: (() => void)[] = [];
    const inner = linkedRouters(instances, { mangle: (some) => (way === 'lost' ? [] : some) });
    const routers = inner.map((router) => ({
      ...router,
      send(wakeUps: readonly WakeUp[]) {
        if (way === 'stalled') held.push(() => router.send(wakeUps));
        else router.send(wakeUps);
      },
    }));
    return {
      routers,
      async stop() {
        way = 'lost';
      },
      async start() {
        way = 'open';
      },
      stall() {
        way = 'stalled';
      },
      go() {
        way = 'open';
        for (const send of held.splice(0)) send();
      },
      async end() {},
    };
  },
};

/** Real primary and workers, but for the pipes between them, which are in this process. */
const workers: RouterUnderTest = {
  name: 'between workers of one machine',
  isAtOnce: true,
  needs: [],
  async start(instances) {
    let way: 'open' | 'lost' | 'stalled' = 'open';
    const held: (() => void)[] = [];
    const closers: (() => Promise<void>)[] = [];
    const routers: StreamRouter[] = [];
    const primary = new ClusterPrimary({
      workers: instances,
      fork: () => {
        let toPrimary: (message: ToPrimary) => void = () => {};
        let toWorker: (message: ToWorker) => void = () => {};
        let ended: (how: string) => void = () => {};
        const pass = (type: string, deliver: () => void): void => {
          if (type !== 'wake' || way === 'open') setImmediate(deliver);
          else if (way === 'stalled') held.push(deliver);
        };
        const copy = <T>(message: T): T => JSON.parse(JSON.stringify(message)) as T;
        const worker = joinCluster({
          channel: {
            send: (message) =>
              new Promise((resolve) => {
                if (message.type === 'wake' && way === 'lost') resolve();
                else
                  pass(message.type, () => {
                    toPrimary(copy(message));
                    resolve();
                  });
              }),
            onMessage: (listener) => {
              toWorker = listener;
            },
          },
          snapshot: async () => noSnapshot,
          stop: () => ended('exit code 0'),
          reopen() {},
        });
        routers.push(new ChannelRouter(worker.wakes));
        closers.push(() => worker.close());
        const process: WorkerProcess = {
          send(message, sent = () => {}) {
            if (message.type === 'wake' && way === 'lost') sent();
            else
              pass(message.type, () => {
                toWorker(copy(message));
                sent();
              });
          },
          onMessage: (listener) => {
            toPrimary = listener;
          },
          onExit: (listener) => {
            ended = listener;
          },
        };
        worker.ready('http://localhost');
        return process;
      },
      tell() {},
      onStillborn() {},
    });
    await primary.start();
    const go = (): void => {
      way = 'open';
      for (const deliver of held.splice(0)) deliver();
    };
    return {
      routers,
      async stop() {
        way = 'lost';
      },
      start: async () => go(),
      stall() {
        way = 'stalled';
      },
      go,
      async end() {
        await Promise.all(closers.map((close) => close()));
        await primary.close();
      },
    };
  },
};

const redis: RouterUnderTest = {
  name: 'through a Redis',
  isAtOnce: true,
  needs: ['redis-server'],
  async start(instances) {
    const server = await startStreamsRedis();
    const routers: StreamRouter[] = [];
    for (let at = 0; at < instances; at++)
      routers.push(await RedisRouter.open({ redis: await server.connect(at === 0) }));
    return {
      routers,
      stop: () => server.program.stop('SIGKILL'),
      start: () => server.program.start(),
      stall: () => server.program.signal('SIGSTOP'),
      go: () => server.program.signal('SIGCONT'),
      async end() {
        server.program.signal('SIGCONT');
        await server.end();
      },
    };
  },
};

/** The door of one instance, which can be closed and opened again on its port. */
class Door {
  readonly #router: () => PostRouter;
  #server: Server | undefined;
  port = 0;
  isStalled = false;
  readonly #waiting: (() => void)[] = [];

  constructor(router: () => PostRouter) {
    this.#router = router;
  }

  async open(): Promise<void> {
    const server = createServer(
      awaiting(async (req, res) => {
        const body = await text(req);
        if (this.isStalled) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        res.statusCode = this.#router().receive(req.headers, body) === 'heard' ? 204 : 401;
        res.end();
      }),
    );
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  go(): void {
    this.isStalled = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async close(): Promise<void> {
    this.go();
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

const post: RouterUnderTest = {
  name: 'by signed POST',
  isAtOnce: true,
  needs: [],
  async start(instances) {
    const secrets = [`whsec_${randomBytes(32).toString('base64')}`];
    const dispatcher = new Agent();
    const routers: PostRouter[] = [];
    const doors = Array.from({ length: instances }, (_, at) => new Door(() => routers[at] as PostRouter));
    for (const door of doors) await door.open();
    // One list for all: each is among its own peers.
    const peers = doors.map(({ port }) => `http://127.0.0.1:${port}`);
    for (let at = 0; at < instances; at++) routers.push(new PostRouter({ peers, secrets, dispatcher, tell() {} }));
    return {
      routers,
      stop: async () => void (await Promise.all(doors.map((door) => door.close()))),
      start: async () => void (await Promise.all(doors.map((door) => door.open()))),
      stall() {
        for (const door of doors) door.isStalled = true;
      },
      go() {
        for (const door of doors) door.go();
      },
      async end() {
        for (const door of doors) await door.close();
        await dispatcher.destroy();
      },
    };
  },
};

/** All that must behave alike: a new router is a row here. */
export const routersUnderTest: readonly RouterUnderTest[] = [polling, inProcess, workers, redis, post];
