/**
 * Two servers with one application, /api/push among its routes: one reads plain pushes itself, the other has node:http alone. What a
 * client gets from both must be the same, byte for byte.
 */
import type { RequestListener } from 'node:http';
import net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { directPush } from '../../../../src/api/gorush/direct-push.ts';
import { type PushRouteOptions, pushRoute } from '../../../../src/api/gorush/push-route.ts';
import { builtIn } from '../../../../src/providers/registry.ts';
import { QueueRefusedError } from '../../../../src/queue/queue-refused-error.ts';
import type { ListenerOptions } from '../../../../src/tls/create-listener.ts';
import { type Running, startListener } from '../../../tls/tls-kit.ts';

const PATH = '/api/push';
const PATIENCE_MS = 900;
/** On a busy machine an answer may be late. */
const LONG_PATIENCE_MS = 20_000;
/** What is 'held' waits for it. */
export const held = Promise.withResolvers<void>();

/** By the title of the first notification: refused, broken, or answered in this turn or the next. */
const accept: PushRouteOptions['accept'] = ([first, ...others]) => {
  const title = first?.title;
  if (title === 'refused') throw new QueueRefusedError('the queue is full', 5);
  if (title === 'broken') throw new Error('a mistake of ours');
  const push = { requestId: 'r', counts: others.length + 1, logs: [] };
  const withoutTargets = first?.tokens.length === 0 ? { ...push, withoutTargets: [0] } : push;
  if (title === 'now') return withoutTargets;
  if (title === 'held') return held.promise.then(() => withoutTargets);
  return nextTurn().then(() => {
    if (title === 'refused later') throw new QueueRefusedError('the queue is full', 5);
    return withoutTargets;
  });
};

const options: PushRouteOptions = {
  accept,
  decode: (body) => builtIn.decoder.decode(body),
  headers: { 'X-Gorush-Version': 'v1', 'X-Martlet-Version': '2' },
  maxBody: 100_000,
  maxNotifications: 100,
  syncMs: undefined,
  onError: () => {},
};

export interface Twins {
  readonly direct: number;
  readonly node: number;
  /** Requests that were read without node:http. */
  taken(): number;
  /** Of the first. */
  readonly listener: Pick<Running, 'retire' | 'close'>;
}

export async function startTwins(
  more: Partial<ListenerOptions> = {},
  config: Readonly<Record<string, unknown>> = {},
): Promise<Twins> {
  const push = pushRoute(options);
  const app: RequestListener = (req, res) => {
    if (req.method === 'POST' && req.url === PATH) void push(req, res);
    else res.writeHead(404, { 'Content-Length': 0 }).end();
  };
  const observe = () => (): void => {};
  const route = directPush({ ...options, path: PATH, observe });
  let taken = 0;
  const counted = {
    ...route,
    take: (...given: Parameters<typeof route.take>): boolean => {
      const isTaken = route.take(...given);
      if (isTaken) taken++;
      return isTaken;
    },
  };
  const values = { 'core.ssl': false, ...config };
  const [direct, node] = [
    await startListener(app, values, { ...more, direct: [counted] }),
    await startListener(app, values, more),
  ];
  return { direct: direct.port, node: node.port, taken: () => taken, listener: direct };
}

/** What a client gets that sends these pieces, closes its half, and reads to the end. The time of the answer is left out. */
export function exchange(
  port: number,
  pieces: readonly (string | Buffer)[],
  patienceMs = PATIENCE_MS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    // A server that closes while its client is still sending resets the connection.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : reject(error),
    );
    // Some are kept open until a timeout of the server: so they must be by both.
    const patience = setTimeout(() => {
      text += '(open)';
      socket.destroy();
    }, patienceMs);
    socket.on('close', () => {
      clearTimeout(patience);
      resolve(text.replaceAll(/^Date: .*$/gm, 'Date: then'));
    });
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        if (pieces.length > 1) await new Promise((sent) => setTimeout(sent, 2));
      }
      socket.end();
    })();
  });
}

export const body = (title = 'a', tokens: readonly string[] = ['t']): string =>
  JSON.stringify({ notifications: [{ tokens, platform: 1, title }] });

export function request(text = body(), head: readonly string[] = []): string {
  const lines = [
    'POST /api/push HTTP/1.1',
    'Host: localhost:8088',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...head,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

export type Likeness = 'equal' | 'shorter' | 'different';

/**
 * `shorter`: one has answers that the other has too, and fewer. So it is where noise follows requests: whether node:http still answers the
 * last of them, and says 400, before it closes, depends on when it gets to run between the pieces.
 */
function likeness(direct: string, node: string): Likeness {
  if (direct === node) return 'equal';
  const [short, long] = direct.length < node.length ? [direct, node] : [node, direct];
  return short !== '' && long.startsWith(short) ? 'shorter' : 'different';
}

/** What both answer. @throws when that differs */
export async function compare(twins: Pick<Twins, 'direct' | 'node'>, sent: readonly Buffer[]): Promise<Likeness> {
  for (const patience of [PATIENCE_MS, LONG_PATIENCE_MS]) {
    const answers = await Promise.all([twins.direct, twins.node].map((port) => exchange(port, sent, patience)));
    const [direct = '', node = ''] = answers;
    const like = likeness(direct, node);
    if (like !== 'different') return like;
    if (patience === LONG_PATIENCE_MS || !answers.some((answer) => answer.endsWith('(open)')))
      throw new Error(JSON.stringify({ sent: sent.map((piece) => piece.toString('latin1')), direct, node }));
  }
  return 'different';
}
