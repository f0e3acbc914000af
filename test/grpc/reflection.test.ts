import { Client, credentials, type StatusObject, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { reflectionProto } from '../../src/grpc/standard-protos.ts';
import { serve } from './grpc-server.ts';

interface Response {
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Uint8Array[] };
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly all_extension_numbers_response?: { readonly base_type_name: string };
  readonly error_response?: { readonly error_code: number };
}

/** Opens a reflection stream; `ask` sends a request (or bytes) and resolves with the answer to it. */
function open(port: number, version: 'v1' | 'v1alpha') {
  const client = new Client(`localhost:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { root } = protobuf.parse(reflectionProto(version), { keepCase: true });
  const request = root.lookupType('ServerReflectionRequest');
  const response = root.lookupType('ServerReflectionResponse');
  const stream = client.makeBidiStreamRequest<Buffer, Response>(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (bytes) => bytes,
    (bytes) => response.toObject(response.decode(bytes)) as Response,
  );
  stream.on('error', () => {});
  const ended = new Promise<StatusObject>((resolve) => stream.on('status', resolve));
  return {
    stream,
    ended,
    ask: (question: object): Promise<Response> => {
      stream.write(Buffer.from(request.encode(question).finish()));
      return new Promise((resolve) => stream.once('data', resolve));
    },
  };
}

const names = ({ file_descriptor_response: files }: Response): (string | undefined)[] =>
  (files?.file_descriptor_proto ?? []).map(
    (bytes) => (descriptor.FileDescriptorProto.decode(bytes) as unknown as { name?: string }).name,
  );

describe.each(['v1', 'v1alpha'] as const)('reflection %s', (version) => {
  test('answers request after request on one stream', async () => {
    const { port } = await serve();
    const { ask, stream, ended } = open(port, version);
    const { list_services_response: list } = await ask({ list_services: '*' });
    expect(list?.service.map(({ name }) => name)).toContain('proto.Gorush');
    expect(names(await ask({ file_containing_symbol: 'proto.Gorush' }))).toEqual([
      'gorush.proto',
      'google/protobuf/struct.proto',
    ]);
    expect(names(await ask({ file_containing_symbol: 'proto.NotificationRequest.Priority' }))[0]).toBe('gorush.proto');
    expect(names(await ask({ file_containing_symbol: 'google.protobuf.Value' }))).toEqual([
      'google/protobuf/struct.proto',
    ]);
    expect(names(await ask({ file_by_filename: 'grpc/health/v1/health.proto' }))).toEqual([
      'grpc/health/v1/health.proto',
    ]);
    stream.end();
    expect((await ended).code).toBe(status.OK);
  });

  test('says what it does not know', async () => {
    const { port } = await serve();
    const { ask, stream } = open(port, version);
    const notFound = { error_response: { error_code: status.NOT_FOUND } };
    expect(await ask({ file_by_filename: 'x.proto' })).toMatchObject(notFound);
    expect(await ask({ file_containing_symbol: 'x.Y' })).toMatchObject(notFound);
    expect(await ask({ file_containing_extension: { containing_type: 'proto.Alert' } })).toMatchObject(notFound);
    expect(await ask({ all_extension_numbers_of_type: 'x' })).toMatchObject(notFound);
    expect(await ask({ all_extension_numbers_of_type: 'proto.Alert' })).toMatchObject({
      all_extension_numbers_response: { base_type_name: 'proto.Alert' },
    });
    expect(await ask({})).toMatchObject({ error_response: { error_code: status.INVALID_ARGUMENT } });
    stream.end();
  });
});

test('bytes that are no request end the stream, and only that', async () => {
  const { port, errors } = await serve();
  const { stream, ended } = open(port, 'v1');
  stream.write(Buffer.from([0xff, 0xff]));
  expect((await ended).code).toBe(status.INVALID_ARGUMENT);
  const { list_services_response: list } = await open(port, 'v1').ask({ list_services: '' });
  expect(list?.service.length).toBe(5);
  expect(errors).toEqual([]);
});
