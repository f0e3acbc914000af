import { expect, test } from 'vitest';
import { openDoorWarning } from '../../src/auth/open-auth.ts';
import { load } from '../config/config-folder.ts';
import { sha256 } from './guarded-relay.ts';

const warningOf = (yaml: string) => openDoorWarning(load(yaml).config);

test.each([
  ['', '(HTTP): set auth.keys, or core.address: 127.0.0.1'],
  ['core: {address: 0.0.0.0}\ngrpc: {enabled: true}', '(HTTP and gRPC): set auth.keys'],
  ['core: {address: 127.0.0.1}\ngrpc: {enabled: true}', '(gRPC): set auth.keys'],
])('%j is told as open to anybody: %s', (yaml, text) => {
  expect(warningOf(yaml)).toContain(text);
});

test('certificates guard what has TLS: gRPC has none with core.auto_tls alone', () => {
  const { config } = load('grpc: {enabled: true}');
  const core = { ...config.core, client_ca: 'ca.pem' };
  const warning = (more: object) => openDoorWarning({ ...config, core: { ...core, ...more } });
  expect(warning({})).toContain('(HTTP and gRPC)');
  expect(warning({ auto_tls: { ...core.auto_tls, enabled: true } })).toContain('(gRPC)');
  expect(warning({ ssl: true })).toBe(undefined);
});

test.each([
  'core: {address: 127.0.0.1}',
  'core: {address: "::1"}',
  'core: {address: localhost}',
  `auth: {keys: {a: {sha256: ${sha256('k')}, scopes: push}}}`,
  'auth: {jwks_url: "https://keys.example/", issuer: i, audience: a}',
])('%j is not', (yaml) => {
  expect(warningOf(yaml)).toBe(undefined);
});
