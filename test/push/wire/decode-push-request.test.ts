import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';

const one = (fields: string): string => `{"notifications":[{"platform":1,"tokens":["a1"],${fields}}]}`;

/** The first notification of a body that must be accepted. */
function accepted(body: string | Uint8Array) {
  const decoded = decodePushRequest(body);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.details));
  return decoded.notifications[0];
}

function details(body: string | Uint8Array) {
  const decoded = decodePushRequest(body);
  return decoded.ok ? 'accepted' : decoded.details;
}

describe('the body', () => {
  test.each(['', '  ', '1', '"x"', '[]', '{', 'null', '{}', '{"notifications":null}', '{"notifications":{}}'])(
    'is refused when it is %j',
    (body) => {
      expect(decodePushRequest(body).ok).toBe(false);
    },
  );

  test('may hold an empty list, which is for the caller to refuse', () => {
    expect(decodePushRequest('{"notifications":[]}')).toEqual({ ok: true, notifications: [] });
  });

  test('may hold nulls, each of which is an empty notification of its own', () => {
    const decoded = decodePushRequest('{"notifications":[null,null]}');
    if (!decoded.ok) throw new Error('refused');
    expect(decoded.notifications).toEqual([
      { tokens: [], platform: 0 },
      { tokens: [], platform: 0 },
    ]);
    expect(decoded.notifications[0]).not.toBe(decoded.notifications[1]);
  });

  test('with a byte order mark is refused', () => {
    expect(details(Buffer.from(`\ufeff${one('"message":"hi"')}`))).toEqual([
      { path: '$', reason: 'is not valid JSON' },
    ]);
  });

  test('with invalid UTF-8 gets replacement characters', () => {
    const body = Buffer.concat([Buffer.from('{"notifications":[{"message":"a'), Buffer.of(0xff), Buffer.from('b"}]}')]);
    expect(accepted(body)).toMatchObject({ message: 'a\ufffdb' });
  });

  test('is read from a view into a larger buffer', () => {
    const bytes = Buffer.from(`xx${one('"message":"hi"')}xx`);
    expect(accepted(new Uint8Array(bytes.buffer, bytes.byteOffset + 2, bytes.length - 4))?.message).toBe('hi');
  });

  test('may be nested 10,000 deep and no deeper', () => {
    const nested = (depth: number) => one(`"data":{"d":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    expect(JSON.stringify(accepted(nested(9_996)))).toContain('[[[[');
    expect(details(nested(9_997))).toEqual([{ path: '$', reason: 'is nested too deeply' }]);
  });

  test.each(['[', '{"a":'])('of a million %j is refused and not followed into the stack', (opener) => {
    expect(decodePushRequest(opener.repeat(1e6)).ok).toBe(false);
    expect(decodePushRequest(one(`"data":{"n":1.5,"d":${'['.repeat(1e6)}${']'.repeat(1e6)}}`)).ok).toBe(false);
    expect(decodePushRequest(one(`"data":{"n":1.5,"d":${'['.repeat(9e3)}${']'.repeat(9e3)}}`)).ok).toBe(false);
  });

  test('may hold any number of brackets inside strings', () => {
    const message = '[{"'.repeat(20_000);
    expect(accepted(JSON.stringify({ notifications: [{ message }] }))?.message).toBe(message);
  });
});

describe('strings', () => {
  test('lose lone surrogates and keep pairs and escaped backslashes', () => {
    const message = accepted(
      one(String.raw`"message":"\ud83d\ude00 \ud83d \ude00 \\ud83d \ud83d\u0041 \ud83d\ud83d\ude00"`),
    );
    expect(message?.message).toBe('😀 \ufffd \ufffd \\ud83d \ufffdA \ufffd😀');
  });
});

describe('keys', () => {
  test('match whatever their case, also in the folds of Unicode', () => {
    const body = '{"NotificationS":[{"PLATFORM":1,"to\u212aens":["a1"],"me\u017fsage":"hi"}]}';
    expect(accepted(body)).toEqual({ platform: 1, tokens: ['a1'], message: 'hi' });
  });

  test('that Gorush does not know are dropped, the rest stays', () => {
    expect(accepted(one('"x":1,"message":"hi","mıessage":"no","title":null'))).toEqual({
      platform: 1,
      tokens: ['a1'],
      message: 'hi',
    });
  });

  test('called __proto__ survive as data and reach no prototype', () => {
    const body = one('"__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1},"constructor":"c"}');
    const notification = accepted(body);
    expect(JSON.stringify(notification?.data)).toBe('{"__proto__":{"polluted":1},"constructor":"c"}');
    expect(Object.keys(notification as object)).not.toContain('__proto__');
    expect(Object.getPrototypeOf(notification)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('called __proto__ survive in the maps and objects of FCM', () => {
    const notification = accepted(
      one('"android":{"data":{"__proto__":"x","n":null}},"apns":{"payload":{"__proto__":{"y":1},"APS":{"badge":1}}}'),
    );
    expect(JSON.stringify(notification?.android)).toBe('{"data":{"__proto__":"x","n":""}}');
    expect(JSON.stringify(notification?.apns)).toBe(
      '{"payload":{"__proto__":{"y":1},"APS":{"badge":1},"aps":{"badge":1}}}',
    );
  });
});

describe('numbers', () => {
  test.each([
    '1.0',
    '1e0',
    '1.5',
    '9223372036854775808',
    '-9223372036854775809',
    '99999999999999999999',
    '"1"',
    'true',
  ])('written %s are no integers', (number) => {
    expect(decodePushRequest(one(`"badge":${number}`)).ok).toBe(false);
  });

  test('at the edges of 64 bits are still integers when read again', () => {
    for (const number of ['9223372036854775807', '-9223372036854775808']) {
      const badge = accepted(one(`"badge":${number}`))?.badge;
      expect(Math.abs(badge ?? 0)).toBe(2 ** 63 - 1024);
      expect(accepted(one(`"badge":${badge}`))?.badge).toBe(badge);
    }
  });

  test('in custom data keep their digits', () => {
    const data = '{"over":9007199254740993,"deep":[{"huge":-12345678901234567890}],"e21":1000000000000000000000,"n":5}';
    expect(JSON.stringify(accepted(one(`"data":${data}`))?.data)).toBe(data);
  });

  test('in custom data that are fractions are plain numbers', () => {
    expect(accepted(one('"data":{"a":1.0,"b":[1e2,0.5],"c":-0.25}'))?.data).toEqual({ a: 1, b: [100, 0.5], c: -0.25 });
    expect(accepted(one('"sound":{"volume":1.0,"critical":1}'))?.sound).toEqual({ volume: 1, critical: 1 });
  });

  test.each([
    '"data":{"a":1e400}',
    '"sound":1e400',
    '"volume":1e39',
    '"relevance-score":-1e309',
    '"apns":{"payload":{"a":1e999}}',
  ])('beyond what the field holds are refused: %s', (field) => {
    expect(decodePushRequest(one(field)).ok).toBe(false);
  });

  test('beyond everything are ignored where the key is', () => {
    expect(accepted(one('"other":1e400'))).toEqual({ platform: 1, tokens: ['a1'] });
  });

  test('for the volume are 32 bits wide, as short as Go writes them', () => {
    const volume = (text: string) => accepted(one(`"volume":${text}`))?.volume;
    expect(['0.1', '1.0', '0.123456789012', '16777217', '1e-60'].map(volume)).toEqual([
      0.1, 1, 0.12345679, 16777216, 0,
    ]);
  });
});

describe('details', () => {
  test('name every mistake by its path and say what was expected', () => {
    const body = '{"notifications":[{"platform":"1","tokens":["a",5]},{},{"alert":{"loc-args":[1]},"badge":1.5}]}';
    expect(details(body)).toEqual([
      { path: 'notifications[0].platform', reason: 'expected an integer, got a string' },
      { path: 'notifications[0].tokens[1]', reason: 'expected a string, got a number' },
      { path: 'notifications[2].alert.loc-args[0]', reason: 'expected a string, got a number' },
      { path: 'notifications[2].badge', reason: 'expected an integer, got 1.5' },
    ]);
  });

  test('are at most twenty', () => {
    expect(details(JSON.stringify({ notifications: Array(50).fill({ tokens: [1, 2, 3] }) }))).toHaveLength(20);
  });

  test('never hold what the caller wrote', () => {
    const secret = 'secret-token';
    for (const body of [
      one(`"badge":"${secret}"`),
      one(`"tokens":"${secret}"`),
      one(`"android":{"ttl":"${secret}","notification":{"visibility":"${secret}","event_time":"${secret}"}}`),
      `{"notifications":[{"tokens":["${secret}"]]}`,
      `${secret}`,
    ]) {
      const found = details(body);
      expect(found).not.toBe('accepted');
      expect(JSON.stringify(found)).not.toContain(secret);
    }
  });
});

test('legacy FCM fields of the wrong type are ignored, those of the right type are read', () => {
  expect(
    accepted(one('"dry_run":"yes","collapse_key":1,"time_to_live":"5","notification":{"icon":1,"color":"#fff"}')),
  ).toEqual({ platform: 1, tokens: ['a1'], notification: { color: '#fff' } });
  expect(
    accepted(one('"dry_run":true,"collapse_key":"c","time_to_live":5,"restricted_package_name":"p"')),
  ).toMatchObject({ dry_run: true, collapse_key: 'c', time_to_live: 5, restricted_package_name: 'p' });
});

test('a clean notification is not copied field by field into another shape', () => {
  expect(Object.keys(accepted(one('"title":"t","message":"m","android":{}')) ?? {})).toEqual([
    'platform',
    'tokens',
    'title',
    'message',
    'android',
  ]);
});
