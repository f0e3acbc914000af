/**
 * What is decided about a call when its headers are there, before any of its message is: who makes it, whether there is room for
 * what it sends, and that it sends. grpc-js gathers a message whole before it asks a handler, 10 MB for each of a thousand
 * calls on each connection.
 */
import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerListener,
  status,
} from '@grpc/grpc-js';
import type { Principal } from '../auth/principal.ts';
import { background } from '../kit/background.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { ConnectionRoom } from '../kit/net/connection-room.ts';
import { addressOf, type GatedCall } from './gate.ts';
import { RpcError } from './rpc-error.ts';
import { statusOf } from './rpc-service.ts';

export interface AdmissionOptions {
  /** Says who makes a call of these methods, or rejects; default: no authentication. */
  readonly gate?: ((call: GatedCall) => Principal | Promise<Principal>) | undefined;
  /** Paths of methods whose messages may be large and whose callers are asked for: `/proto.Gorush/Send`. */
  readonly gated: ReadonlySet<string>;
  /** The room that messages share with bodies of HTTP; default: any. */
  readonly bodies?: BodyRoom | undefined;
  /** Bytes of a message, also once it is decompressed. */
  readonly maxBody: number;
  readonly onError: (error: unknown) => void;
  /** Connections with a call keep their place when others are wanted. */
  readonly room?: Pick<ConnectionRoom, 'begin'> | undefined;
}

export interface Admission {
  readonly interceptor: ServerInterceptor;
  /** Who makes a call that was let in; undefined where no one is asked. */
  principalOf(call: Pick<GatedCall, 'metadata'>): Principal | undefined;
}

/** What health checks and reflection send is a name or two. */
const SMALL_MESSAGE = 64 * 1024;

/** Milliseconds that a refused call has to end by itself. */
const LAST_MS = 1000;

/** What grpc-js knows of a call and does not tell. */
interface CallInternals {
  readonly stream?: ServerHttp2Stream;
  readonly incomingEncoding?: string;
}

const internalsOf = (call: ServerInterceptingCallInterface): CallInternals => call as unknown as CallInternals;

export function createAdmission(options: AdmissionOptions): Admission {
  const { gate, gated, onError, room } = options;
  const known = new WeakMap<Metadata, Principal>();
  const interceptor: ServerInterceptor = ({ path }, call) => {
    const refuse = (error: unknown): void => end(call, error, onError);
    const { stream } = internalsOf(call);
    if (stream?.session?.socket && room)
      stream.once(
        'close',
        room.begin(stream.session.socket, () => !stream.readableEnded),
      );
    const admit = async (metadata: Metadata): Promise<void> => {
      const principal = gate && gated.has(path) ? await gate(gatedCall(call, metadata)) : undefined;
      if (principal) known.set(metadata, principal);
      await receive(call, principal?.name ?? addressOf(call) ?? '', gated.has(path), options, refuse);
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata: Metadata, proceed: (metadata: Metadata) => void) {
            background(
              admit(metadata).then(() => proceed(metadata)),
              refuse,
            );
          },
        } as ServerListener);
      },
    });
  };
  return { interceptor, principalOf: ({ metadata }) => known.get(metadata) };
}

const gatedCall = (call: ServerInterceptingCallInterface, metadata: Metadata): GatedCall => ({
  metadata,
  getPeer: () => call.getPeer(),
  getAuthContext: () => call.getAuthContext(),
});

/** Measures what arrives. Resolves when the message may be read. */
async function receive(
  call: ServerInterceptingCallInterface,
  who: string,
  isLarge: boolean,
  { bodies, maxBody }: AdmissionOptions,
  refuse: (error: unknown) => void,
): Promise<void> {
  const { stream, incomingEncoding = 'identity' } = internalsOf(call);
  const connection = stream?.session?.socket;
  if (!connection || !bodies) return;
  const body = bodies.open(who, connection, () => refuse(new RpcError('too_late', 'the message arrives too slowly')));
  let left = isLarge ? Number.POSITIVE_INFINITY : SMALL_MESSAGE;
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) refuse(new RpcError('too_large', `the message has more than ${SMALL_MESSAGE} bytes`));
    else if (!body.arrived(chunk.length)) refuse(new RpcError('unavailable', NO_ROOM));
  });
  // What is read by a handler is its own matter.
  stream.once('end', () => body.end());
  stream.once('close', () => body.end());
  if (incomingEncoding === 'identity') return;
  // A few bytes may become as many as a message may have.
  const bytes = Math.min(maxBody, bodies.mostOfCaller);
  await bodies.whenFree(who, bytes);
  const give = once(() => bodies.give(who, bytes));
  stream.once('end', () => setImmediate(give));
  stream.once('close', give);
  if (stream.destroyed) give();
}

const NO_ROOM = 'too many messages are being received at once (core.max_bodies)';

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}

/** Answers a call that is not let in, and forgets what it goes on to send. */
function end(call: ServerInterceptingCallInterface, error: unknown, onError: (error: unknown) => void): void {
  const { stream } = internalsOf(call);
  const { code = status.INTERNAL, details = '', metadata = null } = statusOf(error, onError);
  call.sendStatus({ code, details, metadata });
  if (!stream || stream.closed) return;
  stream.removeAllListeners('data');
  stream.resume();
  // At once, the client would see the end of the stream and not the status.
  const last = setTimeout(() => stream.close(), LAST_MS).unref();
  stream.once('close', () => clearTimeout(last));
}
