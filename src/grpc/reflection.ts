import type { Buffer } from 'node:buffer';
import { Transform } from 'node:stream';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { ProtoFile } from './proto-file.ts';
import { decodeMessage, statusOf } from './rpc-service.ts';

/** grpc.reflection.*.ServerReflectionRequest, decoded; `message_request` names the member that is set. */
interface ReflectionRequest {
  readonly host: string;
  readonly message_request?:
    | 'file_by_filename'
    | 'file_containing_symbol'
    | 'file_containing_extension'
    | 'all_extension_numbers_of_type'
    | 'list_services';
  readonly file_by_filename: string;
  readonly file_containing_symbol: string;
  readonly all_extension_numbers_of_type: string;
}

/** What reflection knows: encoded files by their name and by the names of what they define. */
export interface ReflectionIndex {
  readonly services: readonly string[];
  readonly byName: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly bySymbol: ReadonlyMap<string, readonly Uint8Array[]>;
}

export function reflectionIndex(files: readonly ProtoFile[]): ReflectionIndex {
  const services = new Set<string>();
  const byName = new Map<string, readonly Uint8Array[]>();
  const bySymbol = new Map<string, readonly Uint8Array[]>();
  for (const { root, descriptors } of files) {
    descriptors.forEach(({ name, bytes }, index) => {
      // Clients take the first for what they asked for, and the rest for its imports.
      byName.set(name, index === 0 ? descriptors.map((file) => file.bytes) : [bytes]);
    });
    visit(root, (object) => {
      const symbol = object.fullName.slice(1);
      if (object instanceof protobuf.Service) services.add(symbol);
      const file = descriptors.find(({ packageName }) => symbol.startsWith(`${packageName}.`));
      if (file) bySymbol.set(symbol, byName.get(file.name) as readonly Uint8Array[]);
    });
  }
  return { services: [...services].sort(), byName, bySymbol };
}

function visit(namespace: protobuf.NamespaceBase, found: (object: protobuf.ReflectionObject) => void): void {
  for (const object of namespace.nestedArray) {
    const isPackage = object.constructor === protobuf.Namespace;
    if (!isPackage) found(object);
    if (object instanceof protobuf.Type) object.fieldsArray.forEach(found);
    if (object instanceof protobuf.Service) object.methodsArray.forEach(found);
    if (object instanceof protobuf.Namespace) visit(object, found);
  }
}

const notFound = (what: string): object => ({
  error_response: { error_code: status.NOT_FOUND, error_message: `${what} not found` },
});

function answer(request: ReflectionRequest, index: ReflectionIndex): object {
  const files = (known: readonly Uint8Array[] | undefined, what: string): object =>
    known ? { file_descriptor_response: { file_descriptor_proto: known } } : notFound(what);
  switch (request.message_request) {
    case 'list_services':
      return { list_services_response: { service: index.services.map((name) => ({ name })) } };
    case 'file_by_filename':
      return files(index.byName.get(request.file_by_filename), 'file');
    case 'file_containing_symbol':
      return files(index.bySymbol.get(request.file_containing_symbol), 'symbol');
    case 'all_extension_numbers_of_type': {
      const type = request.all_extension_numbers_of_type;
      return index.bySymbol.has(type) ? { all_extension_numbers_response: { base_type_name: type } } : notFound('type');
    }
    case 'file_containing_extension':
      return notFound('extension');
    default:
      return { error_response: { error_code: status.INVALID_ARGUMENT, error_message: 'the request asks for nothing' } };
  }
}

/** `ServerReflectionInfo`: answers each request of the stream, no faster than the caller reads. */
export function reflect(
  stream: ServerDuplexStream<Buffer, object>,
  type: protobuf.Type,
  index: ReflectionIndex,
  onError: (error: unknown) => void,
): void {
  const answers = new Transform({
    objectMode: true,
    transform(bytes: Buffer, _encoding, done) {
      try {
        const request = decodeMessage<ReflectionRequest>(type, bytes);
        done(null, { valid_host: request.host, original_request: request, ...answer(request, index) });
      } catch (thrown) {
        stream.unpipe(answers);
        stream.emit('error', statusOf(thrown, onError));
        done();
      }
    },
  });
  stream.pipe(answers).pipe(stream as unknown as NodeJS.WritableStream);
}
