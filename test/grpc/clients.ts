import { fileURLToPath } from 'node:url';
import {
  type ChannelCredentials,
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';

const file = fileURLToPath(new URL('../../docs/gorush.proto', import.meta.url));
const gorush = loadPackageDefinition(loadSync(file, { keepCase: true, enums: String })) as unknown as {
  proto: Record<'Gorush' | 'Health', ServiceClientConstructor>;
};

export interface Answer {
  readonly reply: Record<string, unknown>;
  readonly trailer: Metadata;
}

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadline?: Date;
}

/** A client made from the published .proto, as Gorush's users make theirs. Closed when the test ends. */
export function gorushClient(
  port: number,
  service: 'Gorush' | 'Health' = 'Gorush',
  channel: ChannelCredentials = credentials.createInsecure(),
) {
  const client = new gorush.proto[service](`localhost:${port}`, channel);
  onTestFinished(() => client.close());
  return (method: string, request: object, options: CallOptions = {}) => unaryCall(client, method, request, options);
}

type UnaryMethod = (
  request: object,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, reply: Record<string, unknown>) => void,
) => { on(event: 'status', listener: (status: StatusObject) => void): void };

/** Rejects with grpc-js's ServiceError: `code`, `details`, `metadata`. */
export function unaryCall(client: Client, method: string, request: object, options: CallOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let reply: Record<string, unknown> = {};
    const call = (client as unknown as Record<string, UnaryMethod>)[method] as UnaryMethod;
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    const running = call.call(client, request, metadata, options, (error, message) => {
      if (error) reject(error);
      else reply = message;
    });
    running.on('status', ({ code, metadata }) => {
      if (code === 0) resolve({ reply, trailer: metadata });
    });
  });
}

type JsonValue = null | number | string | boolean | JsonValue[] | { [key: string]: JsonValue };

/** JSON as google.protobuf.Struct, for a client that knows no more than the .proto file. */
export const struct = (object: object): object => ({
  fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, structValue(value as JsonValue)])),
});

function structValue(value: JsonValue): object {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (Array.isArray(value)) return { listValue: { values: value.map(structValue) } };
  if (typeof value === 'object') return { structValue: struct(value) };
  if (typeof value === 'number') return { numberValue: value };
  return typeof value === 'string' ? { stringValue: value } : { boolValue: value };
}
