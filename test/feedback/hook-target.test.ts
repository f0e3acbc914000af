import { describe, expect, test } from 'vitest';
import { coreHook, type HookTarget, hookMistake, hookUrlMistake } from '../../src/feedback/hook-target.ts';

const strict = { allowPrivate: false };

describe('the URL of an app', () => {
  test.each([
    'https://hooks.example.com/x?key=1',
    'http://hooks.example.com:8080/x',
    'https://hooks.example.com:443/',
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]:8443/',
  ])('%s may be called', (url) => {
    expect(hookUrlMistake(url, strict)).toBeUndefined();
  });

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://017700000001/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[0:0:0:0:0:ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://１２７.０.０.１/',
    'http://localhost:8080/',
    'http://localhost./',
    'http://LOCALHOST/',
    'http://a.localhost/',
    'http://metadata.google.internal/',
    'http://printer.local/',
  ])('%s leads to a private address', (url) => {
    expect(hookUrlMistake(url, strict)).toBe('must not lead to a private address');
    expect(hookUrlMistake(url, { allowPrivate: true })).toBeUndefined();
  });

  test.each(['ftp://example.com/', 'file:///etc/passwd', 'gopher://example.com/', 'nonsense', '', 'http://[::bad'])(
    '"%s" is no URL of a hook, even where private ones are allowed',
    (url) => {
      expect(hookUrlMistake(url, { allowPrivate: true })).toBe('must be an http:// or https:// URL');
    },
  );

  test.each(['https://user@example.com/', 'https://:pass@example.com/', 'https://a:b@example.com/'])(
    '%s holds a user or a password',
    (url) => {
      expect(hookUrlMistake(url, { allowPrivate: true })).toBe('must not hold a user or a password; use a header');
    },
  );

  test.each([22, 25, 53, 110, 143, 389, 445, 587, 993])('port %d belongs to another protocol', (port) => {
    expect(hookUrlMistake(`http://example.com:${port}/`, strict)).toBe('must have port 80, 443, or 1024 and above');
  });
});

describe('a hook that cannot be called', () => {
  const target: HookTarget = {
    url: 'https://example.com/',
    headers: [],
    timeoutMs: 1,
    secrets: [],
    allowPrivate: false,
  };

  test('says which field is wrong, and shows no secret', () => {
    const good = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    expect(hookMistake({ ...target, secrets: [good] })).toBeUndefined();
    const mistake = hookMistake({ ...target, secrets: [good, 'hunter2'] });
    expect(mistake).toMatch(/^secret no\. 2 /);
    expect(mistake).not.toContain('hunter2');
    expect(hookMistake({ ...target, url: 'http://10.0.0.1/' })).toBe('url must not lead to a private address');
  });

  test("the operator's own may have a user and be anywhere", () => {
    const core = { feedback_timeout: 0, feedback_header: [], feedback_secret: [] };
    const own = coreHook({ ...core, feedback_hook_url: 'http://user:pass@10.0.0.1:25/x' });
    expect(own).toMatchObject({ timeoutMs: 10_000 });
    expect(hookMistake(own as HookTarget)).toBeUndefined();
    expect(coreHook({ ...core, feedback_hook_url: '' })).toBeUndefined();
  });
});
