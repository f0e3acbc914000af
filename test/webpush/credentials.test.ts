import { describe, expect, test } from 'vitest';
import {
  generateVapidPair,
  loadVapidCredential,
  subjectMistake,
  type VapidPairConfig,
} from '../../src/webpush/credentials.ts';

const SUBJECT = 'mailto:push@martlet.dev';
const pair = (fields: Partial<VapidPairConfig> = {}): VapidPairConfig => ({
  id: '',
  state: '',
  ...generateVapidPair(),
  ...fields,
});
const mistake = (vapid: VapidPairConfig[], subject = SUBJECT): string => {
  try {
    loadVapidCredential({ vapid, subject });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('VAPID pairs', () => {
  test('made here are raw, in base64url: 65 and 32 bytes', () => {
    for (let round = 0; round < 300; round++) {
      const { public_key, private_key } = generateVapidPair();
      expect(public_key).toMatch(/^[\w-]{87}$/);
      expect(private_key).toMatch(/^[\w-]{43}$/);
    }
  });

  test('the one that says current is; else the first that is not old', () => {
    const [a, b] = [pair({ id: 'a' }), pair({ id: 'b' })];
    const currentOf = (...vapid: VapidPairConfig[]) => loadVapidCredential({ vapid, subject: SUBJECT }).current.id;
    expect(currentOf(a, b)).toBe('a');
    expect(currentOf(a, { ...b, state: 'current' })).toBe('b');
    expect(currentOf({ ...a, state: 'old' }, b)).toBe('b');
    expect(currentOf({ ...a, state: 'old' })).toBe('a');
    expect(
      mistake([
        { ...a, state: 'current' },
        { ...b, state: 'current' },
      ]),
    ).toContain('only one');
  });

  test('are known by their public key, whether or not it is given, and named by it without an id', () => {
    const given = pair();
    const { pairs, current } = loadVapidCredential({ vapid: [{ ...given, public_key: '' }], subject: SUBJECT });
    expect([...pairs.keys()]).toEqual([given.public_key]);
    expect(current.id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('that cannot be used are named by their key, never with the private one', () => {
    const good = pair() as Required<VapidPairConfig>;
    expect(mistake([])).toBe('web.vapid: missing VAPID key pair; `martlet vapid` makes one');
    expect(mistake([{ ...good, private_key: 'abc' }])).toBe('web.vapid[0].private_key: must be 32 bytes in base64url');
    expect(mistake([{ ...good, private_key: Buffer.alloc(32).toString('base64url') }])).toContain('P-256');
    expect(mistake([good, { ...pair(), public_key: good.public_key }])).toBe(
      'web.vapid[1].public_key: is not that of the private key',
    );
    expect(mistake([good, good])).toContain('twice');
    expect(mistake([pair({ id: 'a' }), pair({ id: 'a' })])).toBe('web.vapid[1].id: a is there twice');
    for (const text of [mistake([{ ...good, public_key: 'x' }]), mistake([good, good])]) {
      expect(text).not.toContain(good.private_key);
    }
  });
});

describe('the subject', () => {
  test.each(['mailto:push@martlet.dev', 'https://martlet.dev', 'https://martlet.dev/contact'])(
    '%s is taken',
    (subject) => {
      expect(subjectMistake(subject)).toBeUndefined();
    },
  );

  test.each([
    ['', 'must be given'],
    ['push@martlet.dev', 'bare address'],
    ['mailto: push@martlet.dev', 'blanks'],
    ['mailto:', 'one address'],
    ['mailto:a@localhost', 'one address'],
    ['mailto:a@box.local', 'this machine'],
    ['https://localhost:3000', 'this machine'],
    ['https://intranet', 'this machine'],
    ['http://martlet.dev', 'must begin'],
    ['mailto:a@b.test,c@d.test', 'one address'],
  ])('%s is refused', (subject, why) => {
    expect(subjectMistake(subject)).toContain(why);
  });
});
