import { randomBytes } from 'node:crypto';
import { digestOf } from './key-ring.ts';

/** A prefix by which scanners of repositories and logs find keys that went astray. */
const PREFIX = 'martlet_';
const BYTES = 32;

/** `martlet new-key NAME`: a random key of 256 bits, and what of it goes into config.yml. @returns lines to print */
export function newKey(name: string, random: (size: number) => Buffer = randomBytes): string {
  const key = PREFIX + random(BYTES).toString('base64url');
  return [
    `The key of ${name}; it is shown this once and stored nowhere:`,
    '',
    `  ${key}`,
    '',
    'For config.yml, with the scopes that it shall have (push, read, admin):',
    '',
    'auth:',
    '  keys:',
    `    ${name}:`,
    `      sha256: ${digestOf(key).toString('hex')}`,
    '      scopes: [push]',
  ].join('\n');
}
