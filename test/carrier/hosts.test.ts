import { describe, expect, test } from 'vitest';
import { hostRules } from '../../src/carrier/hosts.ts';
import { SINGLE_HOSTS, VENDOR_HOSTS, vendorOf } from '../../src/webpush/vendor.ts';

const originOf = (endpoint: string, ...extra: string[]) =>
  hostRules({ 'web.hosts': VENDOR_HOSTS, 'web.extra_hosts': extra }).originOf(new URL(endpoint));

describe('the list of push services', () => {
  test.each([
    ['https://fcm.googleapis.com/fcm/send/x', 'https://fcm.googleapis.com'],
    ['https://web.push.apple.com/QHx', 'https://web.push.apple.com'],
    ['https://updates.push.services.mozilla.com/wpush/v2/x', 'https://updates.push.services.mozilla.com'],
    ['https://wns2-par02p.notify.windows.com/w/?token=x', 'https://wns2-par02p.notify.windows.com'],
    ['https://FCM.GoogleAPIs.com:443/x', 'https://fcm.googleapis.com'],
    ['https://fcm.googleapis.com./x', 'https://fcm.googleapis.com'],
    ['https://a.b.c.notify.windows.com/x', 'https://a.b.c.notify.windows.com'],
  ])('has %s', (endpoint, origin) => {
    expect(originOf(endpoint)).toBe(origin);
  });

  test.each([
    'https://googleapis.com/x',
    'https://evilgoogleapis.com/x',
    'https://fcm.googleapis.com.evil.test/x',
    'https://fcm.googleapis.com@evil.test/x',
    'https://user:pw@fcm.googleapis.com/x',
    'https://fcm.googleapis.com:8443/x',
    'http://fcm.googleapis.com/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://2130706433/x',
    'https://0x7f.1/x',
    'https://push.example.net/x',
  ])('has not %s', (endpoint) => {
    expect(originOf(endpoint)).toBeUndefined();
  });

  test('takes hosts, suffixes, ports, plain HTTP and addresses as they are listed', () => {
    const extra = ['Push.Example.net', '*.up.test:8443', 'http://ntfy.lan:2586', '127.0.0.1:4443', '[::1]:4443'];
    expect(originOf('https://push.example.net/x', ...extra)).toBe('https://push.example.net');
    expect(originOf('https://a.push.example.net/x', ...extra)).toBeUndefined();
    expect(originOf('https://a.up.test:8443/x', ...extra)).toBe('https://a.up.test:8443');
    expect(originOf('https://a.up.test/x', ...extra)).toBeUndefined();
    expect(originOf('http://ntfy.lan:2586/up1', ...extra)).toBe('http://ntfy.lan:2586');
    expect(originOf('https://ntfy.lan:2586/up1', ...extra)).toBeUndefined();
    expect(originOf('https://127.0.0.1:4443/x', ...extra)).toBe('https://127.0.0.1:4443');
    expect(originOf('https://[::1]:4443/x', ...extra)).toBe('https://[::1]:4443');
    expect(originOf('https://[0:0::1]:4443/x', ...extra)).toBe('https://[::1]:4443');
  });

  test.each(['*', '*.', 'a b', 'https://host', 'host/path', 'user@host', '*.127.0.0.1', '*.1', 'ho*st'])(
    '%s is no pattern, and named with its key',
    (pattern) => {
      expect(() => hostRules({ 'web.extra_hosts': [pattern] })).toThrow(`web.extra_hosts: not a host`);
    },
  );
});

test('a vendor is known by its host', () => {
  expect(vendorOf('fcm.googleapis.com')).toBe('google');
  expect(vendorOf('web.push.apple.com')).toBe('apple');
  expect(vendorOf('wns2-par02p.notify.windows.com')).toBe('microsoft');
  expect(vendorOf('updates.push.services.mozilla.com')).toBe('mozilla');
  expect(vendorOf('notify.windows.com.evil.test')).toBe('other');
});

describe('parts', () => {
  const rules = hostRules(
    { 'web.hosts': VENDOR_HOSTS, 'web.extra_hosts': ['push.example.net:8443', 'http://ntfy.lan'] },
    SINGLE_HOSTS,
  );
  const partOf = (endpoint: string) => rules.partOf(new URL(endpoint));

  test('a host that is named is one, with its port and without https', () => {
    expect(partOf('https://fcm.googleapis.com/x')).toBe('fcm.googleapis.com');
    expect(partOf('https://push.example.net:8443/x')).toBe('push.example.net:8443');
    expect(partOf('http://ntfy.lan/x')).toBe('http:ntfy.lan');
    expect(partOf('https://push.evil.test/x')).toBeUndefined();
  });

  test('hosts that a suffix stands for share 64, always the same, however many are invented', () => {
    const parts = new Set<string | undefined>();
    for (let index = 0; index < 2000; index++) parts.add(partOf(`https://wns${index}.notify.windows.com/w`));
    expect(parts.size).toBe(64);
    expect(partOf('https://wns2-par02p.notify.windows.com/w')).toBe(
      partOf('https://wns2-par02p.notify.windows.com/other'),
    );
    for (const part of parts) expect(part).toMatch(/^b\d{1,2}\.notify\.windows\.com$/);
  });

  test('a long name is hashed', () => {
    const long = hostRules({ k: [`${'a.'.repeat(60)}test`] });
    expect(long.partOf(new URL(`https://${'a.'.repeat(60)}test/x`))).toMatch(/^[0-9a-f]{40}$/);
  });
});
