import { Buffer } from 'node:buffer';
import {
  type Metadata,
  type MethodDefinition,
  type ServerUnaryCall,
  type ServiceDefinition,
  type StatusObject,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import type { Principal } from '../auth/principal.ts';
import type { AuditRecord } from '../observe/log/audit-line.ts';
import { grpcStatus } from './grpc-status.ts';
import { RpcError } from './rpc-error.ts';

export interface RpcReply {
  readonly message: object;
  readonly trailer?: Metadata;
  /** For the audit log. */
  readonly facts?: Pick<AuditRecord, 'requestId' | 'apps'>;
}

type Callback = (error: Partial<StatusObject> | null, message?: object | null, trailer?: Metadata) => void;

const asIs = (bytes: Buffer): Buffer => bytes;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Requests come to the handlers as bytes: grpc-js would answer INTERNAL to those that are malformed. */
function methodDefinition(method: protobuf.Method): MethodDefinition<object, object> {
  const { parent, resolvedRequestType: request, resolvedResponseType: response } = method.resolve() as protobuf.Method;
  const encode =
    (type: protobuf.Type | null) =>
    (message: object): Buffer =>
      asBuffer((type as protobuf.Type).encode(message).finish());
  return {
    path: `/${parent?.fullName.slice(1)}/${method.name}`,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
    requestSerialize: encode(request),
    requestDeserialize: asIs,
    responseSerialize: encode(response),
    responseDeserialize: asIs,
  };
}

/** A service of a .proto file, for `server.addService`. */
export function serviceDefinition(
  root: protobuf.Root,
  fullName: string,
): ServiceDefinition<UntypedServiceImplementation> {
  const service = root.lookupService(fullName);
  return Object.fromEntries(service.methodsArray.map((method) => [method.name, methodDefinition(method)]));
}

/** @throws RpcError INVALID_ARGUMENT for bytes that are no such message. */
export function decodeMessage<T>(type: protobuf.Type, bytes: Buffer): T {
  try {
    return type.decode(bytes) as T;
  } catch {
    throw new RpcError('invalid', `the request is not a ${type.fullName.slice(1)}, or nested too deeply`);
  }
}

/** The status that grpc-js expects for an error; what was not meant for the caller goes to `onError` alone. */
export function statusOf(thrown: unknown, onError: (error: unknown) => void): Partial<StatusObject> {
  if (thrown instanceof RpcError) {
    const { kind, message: details, trailer: metadata } = thrown;
    return { code: grpcStatus[kind], details, ...(metadata ? { metadata } : {}) };
  }
  onError(thrown);
  return { code: status.INTERNAL, details: 'internal error' };
}

type UnaryCall = ServerUnaryCall<Buffer, object>;

export interface UnaryOptions {
  /** Who makes the call; default: no authentication. */
  readonly principalOf?: (call: UnaryCall) => Principal | undefined;
  /** Looks at a message before it is decoded. @throws RpcError */
  readonly check?: (message: Buffer) => void;
}

/**
 * A unary method that answers, or throws, at once or by promise.
 */
export function unary<T>(
  type: protobuf.Type,
  handle: (request: T, call: UnaryCall, principal: Principal | undefined) => RpcReply | Promise<RpcReply>,
  onError: (error: unknown) => void,
  { principalOf, check }: UnaryOptions = {},
): (call: UnaryCall, callback: Callback) => void {
  return (call, callback) => {
    const succeed = ({ message, trailer }: RpcReply): void => callback(null, message, trailer);
    const fail = (thrown: unknown): void => callback(statusOf(thrown, onError));
    try {
      check?.(call.request);
      const reply = handle(decodeMessage<T>(type, call.request), call, principalOf?.(call));
      if (reply instanceof Promise) reply.then(succeed).catch(fail);
      else succeed(reply);
    } catch (thrown) {
      fail(thrown);
    }
  };
}
