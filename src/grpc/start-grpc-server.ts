import type { Buffer } from 'node:buffer';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { background } from '../kit/background.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { ConnectionRoom } from '../kit/net/connection-room.ts';
import type { JsonLimits } from '../push/wire/json-limits.ts';
import { type Admission, createAdmission } from './admission.ts';
import { auditedGate, auditedSend } from './audited-send.ts';
import type { Gate, GatedCall } from './gate.ts';
import { gorushProto } from './gorush-proto.ts';
import { HealthService, SERVING } from './health-service.ts';
import { holdsMoreValues } from './message-values.ts';
import { type GrpcPort, openPort } from './open-port.ts';
import { type ProtoFile, parseProto } from './proto-file.ts';
import type { NotificationRequest } from './push-body.ts';
import { type ReflectionIndex, reflect, reflectionIndex } from './reflection.ts';
import { RpcError } from './rpc-error.ts';
import { decodeMessage, type RpcReply, serviceDefinition, statusOf, unary } from './rpc-service.ts';
import { type SendOptions, send } from './send.ts';
import { HEALTH_PROTO, reflectionProto } from './standard-protos.ts';
import { type GrpcTls, TlsCredentials } from './tls-credentials.ts';

export interface GrpcServerOptions extends SendOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Where to listen; '' is everywhere. */
  readonly address: string;
  /** Absent: cleartext. */
  readonly tls?: GrpcTls;
  /** Connections that it shares with other listeners; default: any number. */
  readonly room?: ConnectionRoom | undefined;
  /** The room that messages share with bodies of HTTP; default: any. */
  readonly bodies?: BodyRoom | undefined;
  /** Bytes of a request, also once it is decompressed. */
  readonly maxBody: number;
  /** Asks who calls Send and reflection; health is open. Default: no authentication. */
  readonly gate?: Gate | undefined;
  /** As /readyz tells it. */
  readonly ready: () => boolean;
  /** Something that an operator should know. */
  readonly warn: (message: string) => void;
  /** An error that is not the caller's fault, to be logged. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds between looks at `ready` while someone watches; default 1,000. */
  readonly pollMs?: number;
}

export interface RunningGrpcServer {
  readonly port: number;
  /** For certificates that change: connections from then on see the new one. @throws Error; then the old one stays. */
  replaceTls(tls: GrpcTls): void;
  /** Takes no new calls, tells watchers that the server is not ready, waits for calls under way, at most `graceMs`; then cuts them. */
  close(graceMs: number): Promise<void>;
}

const GORUSH = 'proto.Gorush';
const SEND = `/${GORUSH}/Send`;

/** Serves Gorush's gRPC face, grpc.health.v1 and server reflection. @throws ConfigError when it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<RunningGrpcServer> {
  const credentials = options.tls && new TlsCredentials(options.tls);
  // Channelz stays on: without it grpc-js 1.14 forgets its sessions, and forceShutdown cuts none.
  const admission = createAdmission({ ...options, gate: sendGate(options), gated: new Set([SEND]) });
  const server = new Server({
    interceptors: [admission.interceptor],
    'grpc.max_receive_message_length': options.maxBody,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
  });
  const health = new HealthService({ ready: options.ready, services: ['', GORUSH], pollMs: options.pollMs ?? 1000 });
  const gorush = parseProto('gorush.proto', gorushProto());
  const standard = parseProto('grpc/health/v1/health.proto', HEALTH_PROTO);
  addGorush(server, gorush, admission, options);
  addHealth(server, standard, health, options.onError);
  addReflection(server, [gorush, standard], options);
  const { port, address: host, warn, room } = options;
  const insecure = ServerCredentials.createInsecure();
  const listener = await openPort(server, credentials ?? insecure, { port, host, warn, room });
  let closed: Promise<void> | undefined;
  return {
    port: listener.port,
    replaceTls: (tls) => credentials?.replace(tls),
    close: (graceMs) => {
      closed ??= shutDown(server, listener, health, graceMs);
      return closed;
    },
  };
}

/** Calls under way on one connection; more wait at the client. */
const MAX_STREAMS = 1000;
/** Milliseconds of silence after which a connection is asked whether it still lives. */
const KEEPALIVE_MS = 60_000;

function addGorush(server: Server, { root }: ProtoFile, { principalOf }: Admission, options: GrpcServerOptions): void {
  const request = root.lookupType('proto.NotificationRequest');
  server.addService(serviceDefinition(root, GORUSH), {
    Send: unary<NotificationRequest>(
      request,
      (message, call, principal) => {
        const run = () => send(message, call, options, principal);
        return options.audit ? auditedSend(call, principal, options.audit, run) : run();
      },
      options.onError,
      { principalOf, check: (bytes) => refuseManyValues(bytes, options.jsonLimits) },
    ),
  } as UntypedServiceImplementation);
  server.addService(serviceDefinition(root, 'proto.Health'), {
    Check: unary<HealthCheckRequest>(root.lookupType('proto.HealthCheckRequest'), alive, options.onError),
  } as UntypedServiceImplementation);
}

/** @throws RpcError for a message with more values than a body may have */
function refuseManyValues(bytes: Buffer, { keys, targets = Number.POSITIVE_INFINITY }: Partial<JsonLimits> = {}): void {
  const most = keys === undefined ? Number.POSITIVE_INFINITY : keys + targets;
  if (holdsMoreValues(bytes, most))
    throw new RpcError('invalid', `has more than ${most} values (core.max_json_keys and core.max_targets)`);
}

/** A call that is not let in is written to the audit log as well. */
function sendGate({ gate, audit }: GrpcServerOptions) {
  if (!gate) return undefined;
  return audit ? auditedGate((call) => gate(call, 'push'), audit) : (call: GatedCall) => gate(call, 'push');
}

interface HealthCheckRequest {
  readonly service: string;
}

/** Gorush's own check is one of liveness: who restarts a server that fails it does not help one that is not ready. */
function alive({ service }: HealthCheckRequest): RpcReply {
  if (service !== '') throw new RpcError('not_found', 'unknown service');
  return { message: { status: SERVING } };
}

function addHealth(server: Server, { root }: ProtoFile, health: HealthService, onError: (e: unknown) => void): void {
  const checkRequest = root.lookupType('grpc.health.v1.HealthCheckRequest');
  server.addService(serviceDefinition(root, 'grpc.health.v1.Health'), {
    Check: unary<HealthCheckRequest>(checkRequest, ({ service }) => ({ message: health.check(service) }), onError),
    List: unary(root.lookupType('grpc.health.v1.HealthListRequest'), () => ({ message: health.list() }), onError),
    Watch: (stream: ServerWritableStream<Buffer, object>) => {
      try {
        health.watch(decodeMessage<HealthCheckRequest>(checkRequest, stream.request).service, stream);
      } catch (thrown) {
        stream.emit('error', statusOf(thrown, onError));
      }
    },
  } as UntypedServiceImplementation);
}

function addReflection(server: Server, served: readonly ProtoFile[], { onError, gate }: GrpcServerOptions): void {
  const versions = (['v1', 'v1alpha'] as const).map((version) => ({
    service: `grpc.reflection.${version}`,
    file: parseProto(`grpc/reflection/${version}/reflection.proto`, reflectionProto(version)),
  }));
  const index: ReflectionIndex = reflectionIndex([...served, ...versions.map(({ file }) => file)]);
  for (const { service, file } of versions) {
    const request = file.root.lookupType(`${service}.ServerReflectionRequest`);
    server.addService(serviceDefinition(file.root, `${service}.ServerReflection`), {
      ServerReflectionInfo: (stream: ServerDuplexStream<Buffer, object>) => {
        const reflected = async (): Promise<void> => {
          await gate?.(stream, undefined);
          reflect(stream, request, index, onError);
        };
        reflected().catch((thrown) => stream.emit('error', statusOf(thrown, onError)));
      },
    } as UntypedServiceImplementation);
  }
}

async function shutDown(server: Server, port: GrpcPort, health: HealthService, graceMs: number): Promise<void> {
  health.close();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, graceMs);
  const last = port.close();
  // Its sessions get GOAWAY; the connections end with their last call.
  server.tryShutdown(() => background(last.then(resolve)));
  await ended;
  clearTimeout(timer);
  server.forceShutdown();
}
