import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import { RefusedError } from '../../kit/refusal.ts';

/** Secrets cannot be sealed or opened; `message` says what to set. Holds nothing of a key. */
export class MasterKeyError extends RefusedError {
  readonly code = 'ERR_MASTER_KEY';
  readonly kind = 'unavailable';
}

/** 32 bytes that seal the keys of the records, and the id that says in a record which it was. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The first seals; all of them open. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

const KEY_BYTES = 32;
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;
/** The message wherever a master key is needed and missing. */
export const HOW_TO_SET = 'set MARTLET_MASTER_KEY (or a file in apps.master_key_path) to 32 random bytes in base64';

/** Tells keys apart without telling anything of them. */
const idOf = (bytes: Buffer): string =>
  createHmac('sha256', bytes).update('martlet master key id').digest('hex').slice(0, 16);

function masterKey(text: string, place: string): MasterKey {
  const encoding = HEX.test(text) ? 'hex' : BASE64.test(text) ? 'base64' : undefined;
  const bytes = encoding && Buffer.from(text, encoding);
  if (bytes?.length !== KEY_BYTES) throw new MasterKeyError(`${place} is not ${KEY_BYTES} bytes in base64 or hex`);
  return { id: idOf(bytes), bytes };
}

/**
 * Keys separated by commas or line ends, the current one first; empty lines and those that begin with # are passed over.
 * @param source what errors name: the variable, or the key of the configuration
 * @throws MasterKeyError when one is not 32 bytes in base64 or hex, or there is none
 */
export function parseMasterKeys(text: string, source: string): MasterKeys {
  const parts = text
    .split(/[\r\n]+/)
    .filter((line) => !line.trim().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const [first, ...others] = parts.map((part, at) =>
    masterKey(part, parts.length > 1 ? `${source}: no. ${at + 1}` : source),
  );
  if (!first) throw new MasterKeyError(`${source}: holds no key; ${HOW_TO_SET}`);
  return [first, ...others];
}

/**
 * The keys of MARTLET_MASTER_KEY, which overrides the file of `apps.master_key_path`; undefined when neither is given.
 * @throws MasterKeyError
 */
export function loadMasterKeys(
  variable: string | undefined,
  path: string,
  readFile: (path: string) => string = (file) => readFileSync(file, 'utf8'),
): MasterKeys | undefined {
  if (variable) return parseMasterKeys(variable, 'MARTLET_MASTER_KEY');
  if (path === '') return undefined;
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new MasterKeyError(`apps.master_key_path: ${fileTrouble(error)}`);
  }
  return parseMasterKeys(text, 'apps.master_key_path');
}
