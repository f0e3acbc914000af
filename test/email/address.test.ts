import { describe, expect, test } from 'vitest';
import { mailAddress, mailbox, maskedAddress } from '../../src/email/address.ts';

describe('an address is taken', () => {
  test.each([
    ['ada@example.com', 'ada@example.com'],
    ["o'hara+tag=1@Mail.EXAMPLE.com", "o'hara+tag=1@mail.example.com"],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['grüße@example.com', 'grüße@example.com'],
    ['root@mailhost', 'root@mailhost'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%s', (text, address) => {
    expect(mailAddress(text)?.address).toBe(address);
  });
});

describe('an address is refused', () => {
  test.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@-example.com',
    'ada@example..com',
    'ada@example.com.',
    'ada@192.0.2.1',
    'ada@0x7f.1',
    'ada@[192.0.2.1]',
    '.ada@example.com',
    'ada.@example.com',
    'a..b@example.com',
    'ada lovelace@example.com',
    '"ada lovelace"@example.com',
    'Ada <ada@example.com>',
    'ada@example.com,eve@example.com',
    'ada@example.com\r\nRCPT TO:<eve@example.com>',
    'ada\r\n@example.com',
    'ada\u202e@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(130)}com`,
  ])('%j', (text) => {
    expect(mailAddress(text)).toBeUndefined();
  });
});

test('a sender has a name where one is given', () => {
  expect(mailbox('"Martlet, the relay" <relay@example.com>')).toMatchObject({
    name: 'Martlet, the relay',
    address: 'relay@example.com',
  });
  expect(mailbox(' relay@example.com ')).toMatchObject({ name: '', address: 'relay@example.com' });
  expect(mailbox('Martlet <relay>')).toBeUndefined();
  expect(mailbox('Martlet relay@example.com>')).toBeUndefined();
});

test('a masked address keeps the first letter and the domain', () => {
  expect(maskedAddress('ada@example.com')).toBe('a***@example.com');
  expect(maskedAddress('ada')).toBe('***');
});
