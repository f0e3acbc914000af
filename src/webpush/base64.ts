const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const BASE64URL = /^[A-Za-z0-9_-]*={0,2}$/;

/** base64url or plain base64, with or without padding; undefined for anything else. (Buffer.from passes over what it cannot read.) */
export function decodeBase64(text: string): Buffer | undefined {
  if (!BASE64URL.test(text) && !BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const digits = text.replace(/(?<!=)=+$/, '').length;
  return bytes.length === Math.floor((digits * 3) / 4) && digits % 4 !== 1 ? bytes : undefined;
}
