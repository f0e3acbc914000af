import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { AcmeFolder } from '../../src/tls/acme-folder.ts';
import type { ChallengeType } from '../../src/tls/acme-order.ts';
import { AutoCertificate, renewalTime } from '../../src/tls/auto-certificate.ts';
import type { KeyPair } from '../../src/tls/key-pair.ts';
import { folderWith, Lines } from './tls-kit.ts';

const HOST = 'push.martlet.example';
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 10);

/** Certificates of this authority are valid for 825 days from the day before `at`. */
const issuedAt = (at: number): KeyPair => makeAuthority('Test CA', at).leaf([HOST]);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The clock jumps, as after a long sleep of the machine; the next look is at most half a day away. */
async function later(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await vi.advanceTimersByTimeAsync(DAY / 2);
}

interface Options {
  readonly path?: string;
  readonly types?: readonly ChallengeType[];
  readonly order?: (type: ChallengeType, onChallenge: () => void) => Promise<KeyPair>;
}

function certificate({ path = folderWith({}), types = ['tls-alpn-01', 'http-01'], order }: Options = {}) {
  const log = new Lines();
  const ordered: ChallengeType[] = [];
  let changes = 0;
  const subject = new AutoCertificate(HOST, {
    folder: new AcmeFolder(path),
    order: (type, onChallenge) => {
      ordered.push(type);
      return order ? order(type, onChallenge) : Promise.resolve(issuedAt(Date.now()));
    },
    types: () => types,
    log,
    onChange: () => changes++,
    random: () => 0.5,
  });
  return { subject, log, ordered, path, changes: () => changes };
}

describe('renewal', () => {
  test('is due 30 days ahead of the end', () => {
    const pair = issuedAt(START);
    expect(renewalTime(pair)).toBe(START + (825 - 30) * DAY);
  });

  test('a certificate is ordered when there is none, kept in the folder, and taken from there by the next process', async () => {
    const first = certificate();
    first.subject.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(first.ordered).toEqual(['tls-alpn-01']);
    expect(first.changes()).toBe(1);
    const second = certificate({ path: first.path });
    expect(second.subject.pair?.cert.trim()).toBe(first.subject.pair?.cert.trim());
    second.subject.start();
    await vi.advanceTimersByTimeAsync(DAY);
    expect(second.ordered).toEqual([]);
  });

  test('the certificate is replaced 30 days ahead, while the old one serves', async () => {
    const { subject, ordered } = certificate();
    subject.start();
    await vi.advanceTimersByTimeAsync(1);
    const first = subject.pair;
    await later(793 * DAY);
    expect(ordered).toHaveLength(1);
    await later(2 * DAY);
    expect(ordered).toHaveLength(2);
    expect(subject.pair).not.toBe(first);
    subject.stop();
  });

  test('one that another process put into the folder is taken, and none is ordered', async () => {
    const { subject, ordered, path, changes } = certificate();
    const other = issuedAt(Date.now());
    writeFileSync(join(path, HOST), `${other.key}${other.cert}`);
    subject.reread();
    expect(subject.pair).toEqual(other);
    expect(changes()).toBe(1);
    subject.start();
    await vi.advanceTimersByTimeAsync(DAY);
    expect(ordered).toEqual([]);
  });

  test.each([
    ['an expired one', (): KeyPair => issuedAt(START - 900 * DAY)],
    ['one for another host', (): KeyPair => makeAuthority('CA', START).leaf(['other.example'])],
    ['one with the key of another', (): KeyPair => ({ ...issuedAt(START), key: issuedAt(START).key })],
    ['a broken one', (): KeyPair => ({ key: 'nonsense\n', cert: '-----BEGIN CERTIFICATE-----\nnonsense' })],
  ])('%s in the folder counts as none', async (_what, make) => {
    const { key, cert } = make();
    const { subject, ordered } = certificate({ path: folderWith({ [HOST]: `${key}${cert}` }) });
    expect(subject.pair).toBeUndefined();
    subject.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(ordered).toHaveLength(1);
  });
});

describe('an order that fails', () => {
  test('is told and tried again, later and later', async () => {
    const { subject, log, ordered } = certificate({ order: () => Promise.reject(new Error('rate\n limited')) });
    subject.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(log.warnings).toEqual([
      `core.auto_tls: no certificate for ${HOST}: tls-alpn-01: rate limited; again in 300 s`,
    ]);
    await vi.advanceTimersByTimeAsync(301_000);
    expect(ordered).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(598_000);
    expect(ordered).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2000);
    expect(ordered).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(5 * DAY);
    expect(ordered.length).toBeLessThan(5 * 8 + 10);
    subject.stop();
  });

  test('after a look in vain goes the other way at once, and that way first from then on', async () => {
    const { subject, ordered, log } = certificate({
      order: async (type, onChallenge) => {
        onChallenge();
        if (type === 'tls-alpn-01') throw new Error('cannot connect');
        return issuedAt(Date.now());
      },
    });
    subject.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(ordered).toEqual(['tls-alpn-01', 'http-01']);
    expect(log.warnings).toEqual([]);
    await later(800 * DAY);
    expect(ordered).toEqual(['tls-alpn-01', 'http-01', 'http-01']);
    subject.stop();
  });

  test('without a look does not burn the other way', async () => {
    const { subject, ordered } = certificate({ order: () => Promise.reject(new Error('no such host')) });
    subject.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(ordered).toEqual(['tls-alpn-01']);
    subject.stop();
  });

  test('after stop is neither told nor tried again', async () => {
    const { subject, log, ordered } = certificate({ order: () => Promise.reject(new Error('shut down')) });
    subject.start();
    await vi.advanceTimersByTimeAsync(0);
    subject.stop();
    await vi.advanceTimersByTimeAsync(DAY);
    expect(ordered.length).toBeLessThanOrEqual(1);
    expect(log.warnings.length).toBeLessThanOrEqual(1);
  });
});

test('of two processes with one folder only one orders', async () => {
  const pending = Promise.withResolvers<KeyPair>();
  const first = certificate({ order: () => pending.promise });
  const second = certificate({ path: first.path });
  first.subject.start();
  await vi.advanceTimersByTimeAsync(1);
  second.subject.start();
  await vi.advanceTimersByTimeAsync(1);
  expect(second.ordered).toEqual([]);
  pending.resolve(issuedAt(Date.now()));
  await vi.advanceTimersByTimeAsync(61_000);
  expect(second.ordered).toEqual([]);
  expect(second.subject.pair?.cert.trim()).toBe(first.subject.pair?.cert.trim());
});
