import { EventEmitter } from 'node:events';
import { ClientRequest, ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';
import { Duplex, Readable, Writable } from 'node:stream';

/**
 * For `node --import`: knows every EventEmitter of the process, a library's as well as ours. To the message `look` it answers with those
 * that live and have no listener for `error`; to `hurt` it lets an error happen to each connection, stream and server, and answers
 * with their number. What reaches nobody is kept and told with each answer.
 */
const living: WeakRef<EventEmitter>[] = [];
const born = new WeakMap<EventEmitter, string>();
const uncaught: string[] = [];

type WithInit = typeof EventEmitter & { init: (this: EventEmitter, options: unknown) => void };
const emitters = EventEmitter as WithInit;
const { init } = emitters;
emitters.init = function watched(this: EventEmitter, options: unknown): void {
  init.call(this, options);
  if (born.has(this)) return;
  born.set(this, new Error().stack ?? '');
  living.push(new WeakRef(this));
};

process.on('uncaughtExceptionMonitor', (error: Error) => uncaught.push(String(error.stack ?? error)));

/** A request that a server reads emits `error` only where there is a listener (node:http). */
const tellsNobody = (emitter: EventEmitter): boolean => emitter.constructor.name === 'IncomingMessage';

const isOurs = (emitter: EventEmitter): boolean => emitter === process.stdin || emitter === (process as EventEmitter);

/** Those whose errors come from outside. Others emit `error` only when their owner says so. */
const canFail = (emitter: EventEmitter): boolean =>
  [Duplex, Readable, Writable, Server, ClientRequest, ServerResponse].some((kind) => emitter instanceof kind) ||
  /Redis|Cluster|Http2Session|Http2Stream|ChildProcess|Worker$|Resolver/.test(emitter.constructor.name);

const isOver = (emitter: EventEmitter): boolean => {
  // A server that does not listen, such as one that is handed connections, accepts nothing that could fail.
  if (emitter instanceof Server) return !emitter.listening;
  const { destroyed, closed } = emitter as Partial<Socket> & { closed?: boolean };
  return destroyed === true || closed === true;
};

const alive = (): EventEmitter[] =>
  living
    .flatMap((ref) => ref.deref() ?? [])
    .filter((emitter) => canFail(emitter) && !isOver(emitter) && !isOurs(emitter) && !tellsNobody(emitter));

const placeOf = (emitter: EventEmitter): string =>
  (born.get(emitter) ?? '')
    .split('\n')
    .filter((line) => /file:|node_modules/.test(line) && !line.includes('watched-emitters'))
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' < ');

function hurt(emitter: EventEmitter): void {
  const error = Object.assign(new Error('injected'), { code: 'EINJECTED' });
  const { destroy } = emitter as Partial<Duplex>;
  if (emitter instanceof Server || typeof destroy !== 'function') {
    if (emitter.listenerCount('error') > 0 || !(emitter instanceof Server)) emitter.emit('error', error);
  } else destroy.call(emitter, error);
}

/** The channel to the test, and where the log goes. */
const spared = new Set<unknown>([process.stdout, process.stderr, (process as { channel?: unknown }).channel]);

process.on('message', (message) => {
  if (message !== 'look' && message !== 'hurt') return;
  const all = alive().filter((emitter) => !spared.has(emitter));
  const silent = all.filter((emitter) => emitter.listenerCount('error') === 0);
  const told = silent.map((emitter) => `${emitter.constructor.name} ${placeOf(emitter)}`);
  const kinds = all.map((emitter) => emitter.constructor.name);
  if (message === 'hurt') for (const emitter of all) hurt(emitter);
  setTimeout(() => process.send?.({ silent: told, kinds, uncaught }), 50);
});
