import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { trySigning } from '../carrier/key-facts.ts';
import { ConfigError, toError } from '../kit/errors.ts';
import { pemBlocks, privateKeyIn, textOfFile } from '../kit/pem.ts';

/** `email.dkim`. */
export interface DkimSettings {
  readonly domain: string;
  readonly selector: string;
  readonly key_path: string;
  readonly key: string;
}

export const usesDkim = ({ domain, selector, key_path, key }: DkimSettings): boolean =>
  domain !== '' || selector !== '' || key_path !== '' || key !== '';

/** Verifiers need not take shorter keys (RFC 8301 section 3.2), and do not. */
const LEAST_BITS = 1024;

function textOf({ key, key_path: path }: DkimSettings): { readonly field: string; readonly text: string } {
  if (key !== '') return { field: 'email.dkim.key', text: key };
  try {
    return { field: 'email.dkim.key_path', text: textOfFile(readFileSync(path)) };
  } catch (cause) {
    throw new ConfigError('email.dkim.key_path', toError(cause).message, { cause });
  }
}

/** `MII…` without the lines around it is PKCS#1 or PKCS#8 in base64. */
function bareKey(text: string): KeyObject | undefined {
  const key = Buffer.from(text, 'base64');
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key, format: 'der', type });
    } catch {
      // The other form, or no key at all.
    }
  }
  return undefined;
}

/**
 * The key that signs mails; undefined where none do.
 * @throws ConfigError naming the key of config.yml, without a secret
 */
export function loadDkimKey(settings: DkimSettings): KeyObject | undefined {
  if (!usesDkim(settings)) return undefined;
  for (const name of ['domain', 'selector'] as const) {
    if (settings[name] === '') throw new ConfigError(`email.dkim.${name}`, 'must be given');
    if (!/^[A-Za-z0-9_.-]{1,253}$/.test(settings[name]))
      throw new ConfigError(`email.dkim.${name}`, 'must be a DNS name');
  }
  const { field, text } = textOf(settings);
  const key = readKey(text, field);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < LEAST_BITS) {
    throw new ConfigError(field, `must be an RSA key of at least ${LEAST_BITS} bits`);
  }
  trySigning(key, field);
  return key;
}

function readKey(text: string, field: string): KeyObject {
  if (pemBlocks(text).length === 0) {
    const bare = bareKey(text);
    if (bare) return bare;
    throw new ConfigError(field, 'holds no private key in PEM');
  }
  try {
    return privateKeyIn(text);
  } catch {
    throw new ConfigError(field, 'the private key cannot be read');
  }
}
