import { connect } from 'node:net';
import { background } from '../background.ts';
import { toError } from '../errors.ts';
import type { Address } from './addresses.ts';
import { nodesOf, type RedisClient, type RedisSettings } from './redis-client.ts';

const LOOK_MS = 2000;

/** Why no connection can be made to an address; undefined when one can. */
const reachTrouble = ({ host, port }: Address): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: LOOK_MS });
    const end = (trouble?: string): void => {
      socket.destroy();
      resolve(trouble);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`connect ETIMEDOUT ${host}:${port}`));
    socket.once('error', ({ message }) => end(message));
  });

/** What an error of ioredis says. That of a cluster is about one of its nodes; that of a name with two addresses has no text. */
export function redisErrorText(thrown: unknown): string {
  const error = toError(thrown);
  const { lastNodeError = error } = error as { lastNodeError?: Error };
  return lastNodeError.message || (lastNodeError as NodeJS.ErrnoException).code || lastNodeError.name;
}

/**
 * What an error of ioredis is about. Of the nodes of a cluster and of sentinels ioredis says no more than that the connection
 * is closed: whether they can be reached is then looked at here.
 */
async function causeOf(error: unknown, settings: RedisSettings): Promise<string> {
  const text = redisErrorText(error);
  if (!settings.cluster && settings.sentinel === '') return text;
  const troubles = await Promise.all(nodesOf(settings).map(reachTrouble));
  return troubles.includes(undefined) ? text : (troubles[0] ?? text);
}

/**
 * Watches why a client has no connection: commands that fail meanwhile say only that it has none. Call it before `connect`.
 * @returns what gives the cause, as of now; undefined while connected
 */
export function redisTrouble(client: RedisClient, settings: RedisSettings): () => string | undefined {
  let trouble: string | undefined;
  let looking = false;
  const look = async (error: Error): Promise<void> => {
    if (looking) return;
    looking = true;
    const cause = await causeOf(error, settings);
    looking = false;
    if (client.status !== 'ready') trouble = cause;
  };
  client.on('error', (error: Error) => background(look(error)));
  client.on('close', () => {
    trouble ??= 'the connection was lost';
  });
  client.on('ready', () => {
    trouble = undefined;
  });
  return () => trouble;
}

/**
 * Connects and asks for an answer, which shows that the password is right as well.
 * @throws the cause where there is none; then the client is closed
 */
export async function connectRedis(client: RedisClient, settings: RedisSettings): Promise<void> {
  const failed = Promise.withResolvers<never>();
  client.once('error', failed.reject);
  failed.promise.catch(() => {});
  try {
    // ioredis reports a refused password by the event alone, and tries again without end.
    await Promise.race([client.connect().then(() => client.ping()), failed.promise]);
  } catch (error) {
    client.disconnect();
    throw new Error(await causeOf(error, settings), { cause: error });
  } finally {
    client.off('error', failed.reject);
  }
}
