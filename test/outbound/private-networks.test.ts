import { describe, expect, test } from 'vitest';
import { refusedBut } from '../../src/outbound/private-networks.ts';

describe('private networks that are allowed', () => {
  const isRefused = refusedBut(['10.1.0.0/16', '192.168.7.9', 'fd00:1::/32'], 'web.private_networks');

  test.each([
    ['10.1.2.3', false],
    ['10.2.0.1', true],
    ['192.168.7.9', false],
    ['192.168.7.10', true],
    ['fd00:1::5', false],
    ['fd00:2::5', true],
    ['127.0.0.1', true],
    ['169.254.169.254', true],
    ['1.1.1.1', false],
    ['::1', true],
    ['not an address', true],
  ])('%s is refused: %s', (address, refused) => {
    expect(isRefused(address)).toBe(refused);
  });

  test('none by default', () => {
    expect(refusedBut([], 'k')('10.1.2.3')).toBe(true);
    expect(refusedBut([], 'k')('1.1.1.1')).toBe(false);
  });

  test.each(['10.1.0.0/33', '10.1.0.0/', 'host', 'fd00::/129', '10.1.0.0/x', ''])(
    '%s is told with the key',
    (network) => {
      expect(() => refusedBut([network], 'web.private_networks')).toThrow(
        'web.private_networks: not an address or a network',
      );
    },
  );
});
