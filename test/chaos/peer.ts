import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { SeededRandom } from '../simulation/seeded-random.ts';
import type { Behaviour, HookBehaviour, PeerAddresses, PeerCommand, PeerCounts } from './peer-messages.ts';
import { Counts, indexOf, isDead, isTarget } from './targets.ts';

/**
 * The world around the relay, in a process of its own: APNs, FCM, Google's sign-in and a feedback hook, which count what
 * reaches them and misbehave as they are told. Started by `startPeer`; speaks over IPC.
 */
const { CHAOS_CERT: cert, CHAOS_KEY: key, CHAOS_SEED: seed } = process.env;
const random = new SeededRandom(Number(seed));
const delivered = new Counts();
const reported = new Counts();
let arrivedAt = new Float64Array(1 << 16);
let connections = 0;
let goAways = 0;
let hookBehaviour: HookBehaviour = 'fine';

function arrived(target: string): void {
  const index = indexOf(target);
  if (index >= arrivedAt.length) {
    const grown = new Float64Array(Math.max(index + 1, arrivedAt.length * 2));
    grown.set(arrivedAt);
    arrivedAt = grown;
  }
  arrivedAt[index] ||= Date.now();
}

/** One provider: how it finds the target of a request, and what it answers. */
interface Provider {
  behaviour: Behaviour;
  /** Answers that are held back. */
  readonly held: (() => void)[];
  readonly server: Http2SecureServer;
  readonly sessions: Set<ServerHttp2Session>;
}

interface Dialect {
  readonly targetOf: (path: string, body: Buffer) => string | undefined;
  readonly accept: (stream: ServerHttp2Stream) => void;
  readonly refuse: (stream: ServerHttp2Stream) => void;
  /** The answer to a probe, which reaches no device. */
  readonly probed: (stream: ServerHttp2Stream) => void;
}

const json = (stream: ServerHttp2Stream, status: number, body: object): void => {
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(body));
};

const apnsDialect: Dialect = {
  targetOf: (path) => path.slice('/3/device/'.length),
  accept: (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
  refuse: (stream) => json(stream, 410, { reason: 'Unregistered', timestamp: 1_700_000_000_000 }),
  probed: (stream) => json(stream, 400, { reason: 'BadDeviceToken' }),
};

const unregistered = {
  error: {
    code: 404,
    message: 'Requested entity was not found.',
    status: 'NOT_FOUND',
    details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'UNREGISTERED' }],
  },
};

const fcmDialect: Dialect = {
  targetOf: (_path, body) => (JSON.parse(body.toString()) as { message: { token?: string } }).message.token,
  accept: (stream) => json(stream, 200, { name: 'projects/chaos/messages/1' }),
  refuse: (stream) => json(stream, 404, unregistered),
  probed: (stream) => json(stream, 200, { name: 'projects/chaos/messages/0' }),
};

function goAway(session: ServerHttp2Session, lastId: number, code: number): void {
  goAways++;
  session.goaway(code, lastId);
  // Open streams are answered first; what comes behind the last id is nobody's.
  session.close();
}

function openProvider(dialect: Dialect): Provider {
  const server = http2.createSecureServer({ cert: cert as string, key: key as string, settings: {} });
  const provider: Provider = { behaviour: {}, held: [], server, sessions: new Set() };
  const requests = new WeakMap<ServerHttp2Session, { count: number; last: number | undefined }>();
  server.on('session', (session) => {
    connections++;
    provider.sessions.add(session);
    requests.set(session, { count: 0, last: undefined });
    const { maxStreams } = provider.behaviour;
    if (maxStreams) session.settings({ maxConcurrentStreams: maxStreams });
    session.on('error', () => {});
    session.on('close', () => provider.sessions.delete(session));
  });
  server.on('sessionError', () => {});
  server.on('tlsClientError', () => {});
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const { behaviour } = provider;
    const session = stream.session as ServerHttp2Session;
    const seen = requests.get(session) as { count: number; last: number | undefined };
    stream.on('error', () => {});
    if (seen.last !== undefined && (stream.id ?? 0) > seen.last) return;
    seen.count++;
    if (random.chance(behaviour.refuse ?? 0)) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    if (random.chance(behaviour.reset ?? 0)) return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    const mute = random.chance(behaviour.mute ?? 0);
    if (behaviour.goAwayEvery && seen.count >= behaviour.goAwayEvery && seen.last === undefined) {
      seen.last = stream.id ?? 0;
      goAway(session, seen.last, behaviour.goAwayCode ?? 0);
    }
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const target = dialect.targetOf(headers[':path'] as string, Buffer.concat(chunks));
      if (isTarget(target)) arrived(target);
      if (mute) return;
      const answer = (): void => {
        if (stream.destroyed || stream.closed) return;
        if (behaviour.deny) json(stream, 403, { reason: 'InvalidProviderToken' });
        else if (!isTarget(target)) dialect.probed(stream);
        else if (isDead(target)) dialect.refuse(stream);
        else {
          delivered.add(target);
          dialect.accept(stream);
        }
      };
      if (behaviour.hold) provider.held.push(answer);
      else if (behaviour.latencyMs) setTimeout(answer, behaviour.latencyMs);
      else answer();
    });
  });
  return provider;
}

const listen = (server: { listen(port: number, host: string, done: () => void): void; address(): unknown }, port = 0) =>
  new Promise<number>((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

function answerSignIn(request: IncomingMessage, response: ServerResponse): void {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: 'chaos', expires_in: 3600, token_type: 'Bearer' }));
  });
}

function answerHook(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (hookBehaviour === 'hang') return;
    if (hookBehaviour === 'fail') return void response.writeHead(500).end();
    const { token } = JSON.parse(Buffer.concat(chunks).toString()) as { token?: string };
    // The hub also tells of people without a device.
    if (token !== undefined) reported.add(token);
    response.writeHead(200).end();
  });
}

const providers = { apns: openProvider(apnsDialect), fcm: openProvider(fcmDialect) };
const signIn = createServer(answerSignIn);
const hook = createServer(answerHook);
const apnsPort = await listen(providers.apns.server);
const addresses: PeerAddresses = {
  apns: `https://127.0.0.1:${apnsPort}`,
  apnsPort,
  fcm: `https://127.0.0.1:${await listen(providers.fcm.server)}`,
  oauth: `http://127.0.0.1:${await listen(signIn)}/token`,
  hook: `http://127.0.0.1:${await listen(hook)}/hook`,
};

async function setPort(open: boolean): Promise<void> {
  const { server, sessions } = providers.apns;
  if (open) {
    await listen(server, apnsPort);
    return;
  }
  server.close();
  for (const session of sessions) session.destroy();
}

async function obey(command: PeerCommand): Promise<PeerCounts | undefined> {
  switch (command.kind) {
    case 'behave': {
      const provider = providers[command.server];
      provider.behaviour = command.behaviour;
      const { hold, maxStreams } = command.behaviour;
      if (!hold) for (const answer of provider.held.splice(0)) answer();
      if (maxStreams) for (const session of provider.sessions) session.settings({ maxConcurrentStreams: maxStreams });
      return undefined;
    }
    case 'hook':
      hookBehaviour = command.behaviour;
      if (hookBehaviour !== 'hang') hook.closeAllConnections();
      return undefined;
    case 'port':
      await setPort(command.open);
      return undefined;
    case 'read':
      return {
        delivered: delivered.snapshot(),
        reported: reported.snapshot(),
        deliveredTotal: delivered.total,
        reportedTotal: reported.total,
        connections,
        goAways,
        arrivedAt: arrivedAt.slice(),
      };
  }
}

process.on('message', (command: PeerCommand) => {
  void obey(command).then((answer) => process.send?.(answer ?? null));
});
process.on('disconnect', () => process.exit(0));
process.send?.(addresses);
