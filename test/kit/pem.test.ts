import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bareText, base64Bytes, pemBlocks, privateKeyIn, repairedPem, textOfFile } from '../../src/kit/pem.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const pemOf = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string =>
  key.export({ type, format: 'pem' }).toString();

const kinds: [string, KeyObject, string][] = [
  ['an EC key, PKCS#8', ec, pemOf(ec)],
  ['an EC key, SEC1', ec, pemOf(ec, 'sec1')],
  ['an RSA key, PKCS#8', rsa, pemOf(rsa)],
  ['an RSA key, PKCS#1', rsa, pemOf(rsa, 'pkcs1')],
];

/** What becomes of keys on their way into a configuration. */
const accidents: Record<string, (pem: string) => string> = {
  'as it is': (pem) => pem,
  'literal \\n': (pem) => pem.replaceAll('\n', '\\n'),
  'literal \\r\\n': (pem) => pem.replaceAll('\n', '\\r\\n'),
  'doubly escaped \\n': (pem) => pem.replaceAll('\n', '\\\\n'),
  'literal \\n, and real breaks at the ends': (pem) => `\n${pem.trim().replaceAll('\n', '\\n')}\n`,
  'CR LF': (pem) => pem.replaceAll('\n', '\r\n'),
  'CR alone': (pem) => pem.replaceAll('\n', '\r'),
  'no line breaks': (pem) => pem.replaceAll('\n', ''),
  'blanks in the place of line breaks': (pem) => pem.replaceAll('\n', ' '),
  'breaks between the dashes and the body only': (pem) =>
    pem
      .replaceAll('\n', '')
      .replace(/(-----BEGIN [A-Z ]+-----)/, '$1\n')
      .replace(/(-----END)/, '\n$1'),
  indented: (pem) => pem.replaceAll('\n', '\n    '),
  'a byte order mark': (pem) => `\uFEFF${pem}`,
  'double quotes': (pem) => `"${pem}"`,
  'single quotes, literal \\n': (pem) => `'${pem.replaceAll('\n', '\\n')}'`,
  'quotes and a byte order mark': (pem) => `\uFEFF "${pem}" `,
  'base64 of it': (pem) => Buffer.from(pem).toString('base64'),
  'base64 of it, in lines': (pem) =>
    (
      Buffer.from(pem)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  'base64url of it': (pem) => Buffer.from(pem).toString('base64url'),
  'base64 of base64 of it': (pem) => Buffer.from(Buffer.from(pem).toString('base64')).toString('base64'),
  'base64 of it with literal \\n': (pem) => Buffer.from(pem.replaceAll('\n', '\\n')).toString('base64'),
  'quoted base64 of it with a byte order mark': (pem) => `"${Buffer.from(`\uFEFF${pem}`).toString('base64')}"`,
  'a text before and after': (pem) => `Bag Attributes\n    friendlyName: x\n${pem}\nthe end`,
};

describe.each(kinds)('%s', (_, key, pem) => {
  test.each(Object.entries(accidents))('%s', (_what, accident) => {
    const read = privateKeyIn(accident(pem));
    expect(read.equals(key)).toBe(true);
    expect(repairedPem(accident(pem))).toBe(pem);
  });
});

test.each(['utf16le', 'utf16be'] as const)('a file of Windows in %s', (encoding) => {
  const little = Buffer.from(`\uFEFF${pemOf(ec)}`, 'utf16le');
  const bytes = encoding === 'utf16le' ? little : Buffer.from(little).swap16();
  expect(privateKeyIn(textOfFile(bytes)).equals(ec)).toBe(true);
});

test('an encrypted key is read with its password, legacy headers included', () => {
  const modern = ec.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' }).toString();
  const legacy = rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'geheim' }).toString();
  expect(legacy).toContain('Proc-Type: 4,ENCRYPTED');
  for (const [pem, key] of [
    [modern, ec],
    [legacy, rsa],
  ] as const)
    for (const what of ['as it is', 'literal \\n', 'CR LF', 'double quotes', 'base64 of it', 'a byte order mark'])
      expect(privateKeyIn((accidents[what] as (pem: string) => string)(pem), 'geheim').equals(key)).toBe(true);
  expect(() => privateKeyIn(modern, 'wrong')).toThrow();
});

test('the blocks of a text come in their order, each with its own label', () => {
  const both = `${pemOf(ec)}${pemOf(rsa, 'pkcs1')}`;
  for (const accident of Object.values(accidents))
    expect(pemBlocks(accident(both)).map(({ label }) => label)).toEqual(['PRIVATE KEY', 'RSA PRIVATE KEY']);
});

test('what is no key stays none', () => {
  for (const text of ['', 'no key', '-----BEGIN PRIVATE KEY-----', '-----BEGIN A-----x-----END B-----', '%%%', 'AAAA'])
    expect(() => privateKeyIn(text)).toThrow();
});

test('base64 is read in any spelling, and nothing else is taken for it', () => {
  const bytes = Buffer.from([0xfb, 0xff, 0xfe, 1]);
  for (const text of ['+//+AQ==', '+//+AQ', '-__-AQ', '"+//+AQ=="', ' +//+\nAQ== ', '\uFEFF+//+AQ==', '+//+\\nAQ=='])
    expect(base64Bytes(text)).toEqual(bytes);
  for (const text of ['', '=', 'A', 'AAAAA', 'a b!', '{"a":1}', 'AA=A']) expect(base64Bytes(text)).toBeUndefined();
});

test('quotes and blanks around a text are left out, those within stay', () => {
  expect(bareText(' "\'a"b\'" ')).toBe('a"b');
  expect(bareText('"')).toBe('"');
  expect(bareText('\uFEFFx\n')).toBe('x');
});

test('a long text without an end takes time in proportion to its length', () => {
  const hostile = [
    '-----BEGIN A'.repeat(50_000),
    '\\'.repeat(500_000),
    ' '.repeat(500_000),
    '"'.repeat(100_000),
    '-----BEGIN A-----'.repeat(30_000),
  ];
  for (const text of hostile) expect(pemBlocks(text)).toEqual([]);
});
