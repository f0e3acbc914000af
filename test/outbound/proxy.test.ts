import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/kit/errors.ts';
import { createProxyFor, type ProxyEnvironment } from '../../src/outbound/proxy.ts';

const APNS = 'https://api.push.apple.com';
const PROXY = 'http://proxy.example:3128/';

const env = (more: ProxyEnvironment): ((origin: string) => string | undefined) =>
  createProxyFor({ httpProxy: '', env: { HTTPS_PROXY: PROXY, ...more } });

describe('which proxy leads to an address', () => {
  test('core.http_proxy leads everywhere, whatever the environment says', () => {
    const proxyFor = createProxyFor({
      httpProxy: 'http://u:p@10.0.0.1:8080',
      env: { HTTPS_PROXY: PROXY, NO_PROXY: '*' },
    });
    expect(proxyFor(APNS)).toBe('http://u:p@10.0.0.1:8080/');
    expect(proxyFor('http://localhost:9000')).toBe('http://u:p@10.0.0.1:8080/');
  });

  test('no setting leads metadata servers through a proxy, where they would be the proxy’s own', () => {
    for (const host of ['169.254.169.254', '[fd00:ec2::254]', 'metadata.google.internal'])
      for (const proxyFor of [createProxyFor({ httpProxy: PROXY }), env({ HTTP_PROXY: PROXY })])
        expect(proxyFor(`http://${host}`)).toBeUndefined();
  });

  test('without any setting the way is direct', () => {
    expect(createProxyFor({ httpProxy: '' })(APNS)).toBeUndefined();
    expect(createProxyFor({ httpProxy: '', env: { HTTPS_PROXY: '', https_proxy: '' } })(APNS)).toBeUndefined();
  });

  test('https addresses follow HTTPS_PROXY, http addresses HTTP_PROXY', () => {
    const proxyFor = env({ HTTP_PROXY: 'http://plain.example:80' });
    expect(proxyFor(APNS)).toBe(PROXY);
    expect(proxyFor('http://hook.example/failed')).toBe('http://plain.example/');
    expect(env({})('http://hook.example')).toBeUndefined();
  });

  test('lower-case variables count where the upper-case one is missing or empty', () => {
    expect(createProxyFor({ httpProxy: '', env: { https_proxy: PROXY } })(APNS)).toBe(PROXY);
    expect(createProxyFor({ httpProxy: '', env: { HTTPS_PROXY: '', https_proxy: PROXY } })(APNS)).toBe(PROXY);
    expect(env({ https_proxy: 'http://other.example' })(APNS)).toBe(PROXY);
    expect(env({ no_proxy: 'apple.com' })(APNS)).toBeUndefined();
  });

  test('host:port without a scheme is an HTTP proxy, credentials included', () => {
    const proxyFor = createProxyFor({ httpProxy: '', env: { HTTPS_PROXY: 'user:pass@proxy.example:3128' } });
    expect(proxyFor(APNS)).toBe('http://user:pass@proxy.example:3128/');
  });

  test('a variable that is no HTTP proxy is a mistake that names it and does not show it', () => {
    for (const value of [
      'socks5://user:hunter2@host',
      'http://',
      'http://user:hunter2@ho st',
      'ftp://hunter2',
      'http://u:%zzhunter2@host',
    ])
      try {
        createProxyFor({ httpProxy: '', env: { https_proxy: value } });
        expect.unreachable(value);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as Error).message).toMatch(/^HTTPS_PROXY/);
        expect((error as Error).message).not.toContain('hunter2');
      }
  });

  test('core.http_proxy is held to the same', () => {
    expect(() => createProxyFor({ httpProxy: 'http://u:hunter2%@host:1' })).toThrow(
      /^core\.http_proxy: must be http(?!.*hunter2)/,
    );
    expect(createProxyFor({ httpProxy: 'https://host:1' })(APNS)).toBe('https://host:1/');
  });

  test.each([
    'http://localhost:1234',
    'https://localhost',
    'https://127.0.0.1:8443',
    'https://127.9.9.9',
    'https://[::1]:8443',
  ])('the environment never sends %s through a proxy', (origin) => {
    expect(env({ HTTP_PROXY: PROXY })(origin)).toBeUndefined();
  });
});

describe('NO_PROXY', () => {
  const direct: [string, string][] = [
    ['*', APNS],
    ['apple.com', APNS],
    ['apple.com', 'https://apple.com'],
    ['.apple.com', APNS],
    ['*.apple.com', APNS],
    ['API.Push.Apple.com', APNS],
    ['a.example, api.push.apple.com ,b.example', APNS],
    ['apple.com:443', APNS],
    ['apple.com:2197', 'https://api.push.apple.com:2197'],
    ['10.1.2.3', 'https://10.1.2.3:8443'],
    ['10.1.2.3:8443', 'https://10.1.2.3:8443'],
    ['10.0.0.0/8', 'https://10.1.2.3'],
    ['fd00::1', 'https://[fd00::1]:8443'],
    ['[fd00::1]:8443', 'https://[fd00::1]:8443'],
    ['fd00::/8', 'https://[fd00::1]'],
  ];
  test.each(direct)('%s lets %s go directly', (rules, origin) => {
    expect(env({ NO_PROXY: rules })(origin)).toBeUndefined();
  });

  const proxied: [string, string][] = [
    ['', APNS],
    [' , ', APNS],
    ['.apple.com', 'https://apple.com'],
    ['apple.com', 'https://pineapple.com'],
    ['push.apple', APNS],
    ['apple.com:8443', APNS],
    [':443', APNS],
    ['10.1.2.3:443', 'https://10.1.2.3:8443'],
    ['10.1.2.3', 'https://110.1.2.3'],
    ['10.0.0.0/8', 'https://11.1.2.3'],
    ['10.0.0.0/99', 'https://10.0.0.1'],
    ['[fd00::1]:443', 'https://[fd00::1]:8443'],
    ['10.0.0.0/8', APNS],
  ];
  test.each(proxied)('%s does not keep %s from the proxy', (rules, origin) => {
    expect(env({ NO_PROXY: rules })(origin)).toBe(PROXY);
  });
});
