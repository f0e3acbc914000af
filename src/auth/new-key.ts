import { randomBytes } from 'node:crypto';
import { digestOf } from './key-ring.ts';

/** A prefix by which scanners of repositories and logs find keys that went astray. */
const PREFIX = 'martlet_';
const BYTES = 32;

export interface NewKey {
  /** Shown once, and kept nowhere. */
  readonly key: string;
  /** Of it; what config.yml has. */
  readonly sha256: string;
}

/** A random key of 256 bits. */
export function makeKey(random: (size: number) => Buffer = randomBytes): NewKey {
  const key = PREFIX + random(BYTES).toString('base64url');
  return { key, sha256: digestOf(key).toString('hex') };
}

/** `martlet new-key NAME`: a key, and what of it goes into config.yml. @returns lines to print */
export function newKey(name: string, random?: (size: number) => Buffer): string {
  const { key, sha256 } = makeKey(random);
  return [
    `The key of ${name}; it is shown this once and stored nowhere:`,
    '',
    `  ${key}`,
    '',
    'For config.yml, with the scopes that it shall have (push, read, users, admin):',
    '',
    'auth:',
    '  keys:',
    `    ${name}:`,
    `      sha256: ${sha256}`,
    '      scopes: [push]',
  ].join('\n');
}
