import { expect, test } from 'vitest';
import { ConfigError } from '../../src/kit/errors.ts';

test('a configuration error has its key and its text apart, and says both', () => {
  const error = new ConfigError('core.ca_path', 'no such file: ca: old.pem', { cause: 'ENOENT' });
  expect(error).toMatchObject({
    key: 'core.ca_path',
    text: 'no such file: ca: old.pem',
    message: 'core.ca_path: no such file: ca: old.pem',
    cause: 'ENOENT',
    code: 'ERR_CONFIG',
  });
});

test('a configuration error about no single key is its text alone', () => {
  expect(new ConfigError('', 'run.pid already exists')).toMatchObject({ key: '', message: 'run.pid already exists' });
});
