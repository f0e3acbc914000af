import { type KeyObject, verify } from 'node:crypto';

export interface SignedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Whether the signature is that of the given key, by the algorithm that the header names. */
  readonly genuine: boolean;
}

const part = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

function genuine(alg: unknown, signed: Buffer, key: KeyObject, signature: Buffer): boolean {
  if (alg === 'RS256' && key.asymmetricKeyType === 'rsa') return verify('sha256', signed, key, signature);
  if (alg !== 'ES256' || key.asymmetricKeyType !== 'ec') return false;
  // JOSE says R and S side by side; Apple's own shell example sends DER, and APNs takes both.
  return ['ieee-p1363' as const, 'der' as const].some((dsaEncoding) =>
    verify('sha256', signed, { key, dsaEncoding }, signature),
  );
}

/** Reads a compact JWS and checks its signature; undefined when it is not one. */
export function readSignedJwt(jwt: string, key: KeyObject): SignedJwt | undefined {
  const [head = '', body = '', signature, ...rest] = jwt.split('.');
  const header = part(head);
  const claims = part(body);
  if (!header || !claims || signature === undefined || rest.length > 0) return undefined;
  const signed = Buffer.from(`${head}.${body}`);
  return { header, claims, genuine: genuine(header.alg, signed, key, Buffer.from(signature, 'base64url')) };
}
