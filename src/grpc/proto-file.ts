import protobuf from 'protobufjs';
import type { IDescriptorProto, IFileDescriptorSet } from 'protobufjs/ext/descriptor/index.js';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { STRUCT_PROTO } from './standard-protos.ts';

/** A file as reflection tells of it. */
export interface FileDescriptor {
  readonly name: string;
  readonly packageName: string;
  /** A FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** The types of a .proto file, and the file itself followed by what it imports. */
export interface ProtoFile {
  readonly root: protobuf.Root;
  readonly descriptors: readonly FileDescriptor[];
}

const STRUCT_FILE = 'google/protobuf/struct.proto';

/** Reads the text of a .proto file; the only import it may have is struct.proto. @throws Error for malformed text. */
export function parseProto(name: string, text: string): ProtoFile {
  const root = new protobuf.Root();
  const imports = protobuf.parse(text, root, { keepCase: true }).imports ?? [];
  const packageName = packageOf(text);
  if (imports.includes(STRUCT_FILE)) protobuf.parse(STRUCT_PROTO, root, { keepCase: true });
  root.resolveAll();
  // protobufjs makes a file of each package, but knows neither its name nor its imports.
  const files = (root as unknown as { toDescriptor(syntax: string): IFileDescriptorSet }).toDescriptor('proto3').file;
  const describe = (of: string, file: string, dependency: string[]): FileDescriptor => {
    const described = { ...files?.find((candidate) => candidate.package === of), name: file, dependency };
    described.messageType?.forEach(completeMessage);
    return { name: file, packageName: of, bytes: descriptor.FileDescriptorProto.encode(described).finish() };
  };
  const own = describe(packageName, name, imports);
  return { root, descriptors: [own, ...imports.map((file) => describe(packageOf(STRUCT_PROTO), file, []))] };
}

const packageOf = (text: string): string => /^package (.*);$/m.exec(text)?.[1] ?? '';

/** What protobufjs leaves out or names otherwise than protoc does; Go insists on it. */
function completeMessage(message: IDescriptorProto): void {
  const { field: fields = [], nestedType = [], oneofDecl = [] } = message;
  for (const entry of nestedType) {
    if (!entry.options?.mapEntry) continue;
    const map = fields.find(({ typeName }) => typeName === entry.name);
    entry.name += 'Entry';
    if (map) map.typeName = entry.name as string;
  }
  for (const field of fields) {
    const isOptional = field.oneofIndex !== undefined && oneofDecl[field.oneofIndex]?.name === `_${field.name}`;
    if (isOptional) Object.assign(field, { proto3Optional: true });
  }
}
