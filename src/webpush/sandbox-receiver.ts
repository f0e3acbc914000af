import { createECDH } from 'node:crypto';
import { decryptPush, type ReceiverKeys } from './encryption/decrypt.ts';

/**
 * The browser of the sandbox: the receiver of RFC 8291's example (section 5), whose private key is printed there. A subscription
 * with these keys can be read by the simulated push service; of any other it sees what a real one sees, which is no text.
 */
export const SANDBOX_KEYS = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
} as const;
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
