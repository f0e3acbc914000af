import { fileURLToPath } from 'node:url';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { TextDoor } from './text-door.ts';

const PROTO = fileURLToPath(new URL('../../../docs/gorush.proto', import.meta.url));
/** `core.max_body`, as protobuf has texts: three bytes a character at most. */
const LONGEST = (10 * 2 ** 20) / 3 - 1000;
/** grpc-js takes 16 KiB of metadata. */
const METADATA = 8000;
const KEYS = ['app', 'authorization', 'x-api-key', 'idempotency-key', 'traceparent', 'tracestate'];

/** Of google.protobuf.DescriptorProto, as proto-loader gives it. */
interface Field {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly typeName: string;
}
type Messages = { readonly [name: string]: { readonly type?: { readonly field?: readonly Field[] } } };

interface GrpcField {
  readonly name: string;
  readonly value: (text: string) => object;
}

/** Every text of a message, and every name and text of a Struct in it. */
function grpcFields(messages: Messages, message: string, before = ''): GrpcField[] {
  return (messages[message]?.type?.field ?? []).flatMap(({ name, type, label, typeName }): GrpcField[] => {
    const whole = before + name;
    const wrap = (value: unknown): object => ({ [name]: label === 'LABEL_REPEATED' ? [value] : value });
    if (type === 'TYPE_STRING') return [{ name: whole, value: wrap }];
    if (type !== 'TYPE_MESSAGE') return [];
    if (typeName.endsWith('Struct'))
      return [
        { name: `${whole}{}:`, value: (text) => wrap({ fields: { [text]: { stringValue: 'a' } } }) },
        { name: `${whole}{}`, value: (text) => wrap({ fields: { key: { stringValue: text } } }) },
        {
          name: `${whole}{}[]`,
          value: (text) => wrap({ fields: { key: { listValue: { values: [{ stringValue: text }] } } } }),
        },
      ];
    return grpcFields(messages, `proto.${typeName}`, `${whole}.`).map(({ name: inner, value }) => ({
      name: inner,
      value: (text) => wrap(value(text)),
    }));
  });
}

const inMetadata = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '.').trim();

/** Every text of `Send`, of the health check and of their metadata. Names of `extra` are those of JSON. */
export function grpcDoors(port: number, platforms: readonly number[]): TextDoor[] & Disposable {
  const definition = loadSync(PROTO, { keepCase: true, enums: String });
  const messages = definition as unknown as Messages;
  const { proto } = loadPackageDefinition(definition) as unknown as {
    proto: Record<'Gorush' | 'Health', ServiceClientConstructor>;
  };
  const channel = credentials.createInsecure();
  const limits = { 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 };
  const clients = {
    Send: new proto.Gorush(`localhost:${port}`, channel, limits),
    Check: new proto.Health(`localhost:${port}`, channel),
  };

  type Call = (request: object, metadata: Metadata, done: (error: Error | null, reply?: object) => void) => void;
  const call = (
    method: 'Send' | 'Check',
    body: object,
    pairs: Readonly<Record<string, string>> = {},
  ): ReturnType<TextDoor['send']> => {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(pairs)) metadata.set(key, value);
    const sent = Buffer.byteLength(JSON.stringify([body, pairs]));
    const client = clients[method] as Client & Record<string, Call>;
    return new Promise((resolve) => {
      (client[method] as Call).call(client, body, metadata, (error, reply) => {
        resolve({ sent, answered: JSON.stringify(reply ?? error?.message ?? '').length });
      });
    });
  };

  const base = (platform: number) => ({ platform, tokens: ['0'.repeat(64)], topic: 'com.example' });
  const fields = platforms.flatMap((platform) =>
    grpcFields(messages, 'proto.NotificationRequest').map(
      ({ name, value }): TextDoor => ({
        name: `gRPC Send ${platform} ${name}`,
        longest: LONGEST,
        send: (text) => call('Send', { ...base(platform), ...value(text.toWellFormed()) }),
      }),
    ),
  );
  const checks = grpcFields(messages, 'proto.HealthCheckRequest').map(
    ({ name, value }): TextDoor => ({
      name: `gRPC Check ${name}`,
      longest: 60_000,
      send: (text) => call('Check', value(text.toWellFormed())),
    }),
  );
  const pairs = KEYS.map(
    (key): TextDoor => ({
      name: `gRPC Send ${key}:`,
      longest: METADATA,
      send: (text) => call('Send', base(1), { [key]: inMetadata(text) }),
    }),
  );
  return Object.assign([...fields, ...checks, ...pairs], {
    [Symbol.dispose]() {
      for (const client of Object.values(clients)) client.close();
    },
  });
}
