import { createECDH } from 'node:crypto';
import { decryptPush, type ReceiverKeys } from '../encryption/decrypt.ts';
import { SANDBOX_KEYS } from './browser-keys.ts';

/** Of `SANDBOX_KEYS`: RFC 8291, section 5. */
const PRIVATE_KEY = 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94';

function receiver(): ReceiverKeys {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(PRIVATE_KEY, 'base64url');
  return { ecdh, auth: Buffer.from(SANDBOX_KEYS.auth, 'base64url') };
}

/** A body that arrived. `text` is there when the sandbox's own browser could read it. */
export type OpenedBody = { readonly ok: true; readonly text?: Buffer } | { readonly ok: false };

/** Opens bodies. @returns a function that finds a body malformed (`ok: false`) as a browser does, which drops it without a word */
export function createReceiver(): (body: Buffer, isOwn: boolean) => OpenedBody {
  const keys = receiver();
  return (body, isOwn) => {
    try {
      return { ok: true, text: decryptPush(body, keys) };
    } catch {
      return isOwn || !hasForm(body) ? { ok: false } : { ok: true };
    }
  };
}

/** RFC 8291 section 4: one record, the sender's public key as key id; 18 bytes are a record with nothing in it. */
const hasForm = (body: Buffer): boolean =>
  body.length >= 86 + 18 && body.readUInt32BE(16) >= body.length - 86 && body[20] === 65 && body[21] === 4;
