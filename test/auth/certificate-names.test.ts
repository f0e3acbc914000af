import { expect, test } from 'vitest';
import { certificateNames } from '../../src/auth/certificate-names.ts';

test('a certificate has its common names and its alternative names', () => {
  const certificate = {
    subject: { CN: 'Backend' } as never,
    subjectaltname: 'DNS:Backend.Example, URI:spiffe://example/Backend, IP Address:192.0.2.1, email:A@example.com',
  };
  expect(certificateNames(certificate)).toEqual([
    'CN=Backend',
    'DNS:backend.example',
    'URI:spiffe://example/Backend',
    'IP:192.0.2.1',
    'EMAIL:a@example.com',
  ]);
});

test('a name that holds another one is one name', () => {
  const subjectaltname = 'URI:"http://x.example/, DNS:admin.example", DNS:mine.example';
  expect(certificateNames({ subjectaltname })).toEqual([
    'URI:http://x.example/, DNS:admin.example',
    'DNS:mine.example',
  ]);
});

test('several common names, other kinds of names, and none', () => {
  expect(certificateNames({ subject: { CN: ['a', 'b'] } as never })).toEqual(['CN=a', 'CN=b']);
  expect(certificateNames({ subjectaltname: 'othername:<unsupported>, DNS:a' })).toEqual(['DNS:a']);
  expect(certificateNames({})).toEqual([]);
});
