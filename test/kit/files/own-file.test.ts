import { expect, test } from 'vitest';
import { assetOf, readOwnFile } from '../../../src/kit/files/own-file.ts';

test('a file beside a module is read from the disk', () => {
  const url = new URL('../../../package.json', import.meta.url);
  expect(assetOf(url)).toBe(undefined);
  expect(JSON.parse(readOwnFile(url))).toMatchObject({ name: 'martlet' });
});

test('one beside a module of the executable is an asset of it, by its path in the repository', () => {
  expect(assetOf(new URL('./gorush.proto', 'file:///martlet-executable/src/grpc/gorush-proto.ts'))).toBe(
    'src/grpc/gorush.proto',
  );
  expect(assetOf(new URL('../package.json', 'file:///martlet-executable/src/main.ts'))).toBe('package.json');
});
