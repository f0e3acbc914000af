import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';
import { awaiting } from '../support/awaiting.ts';

type Algorithm = 'ES256' | 'RS256' | 'EdDSA';

/** Somebody who signs tokens, and serves the keys; closed when the test ends. */
export async function startIssuer(algorithm: Algorithm = 'ES256') {
  let kid = 0;
  const newPair = async () => ({ kid: `key-${++kid}`, ...(await generateKeyPair(algorithm, { extractable: true })) });
  let pair = await newPair();
  let requests = 0;
  let down = false;
  const server = createServer(
    awaiting(async (_req, res) => {
      requests++;
      if (down) {
        res.writeHead(500).end();
        return;
      }
      const keys = [{ ...(await exportJWK(pair.publicKey)), kid: pair.kid, alg: algorithm, use: 'sig' }];
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys }));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    publicKey: () => pair.publicKey,
    requests: () => requests,
    /** Signs with another key from now on, and no longer serves the old one. */
    async rotate() {
      pair = await newPair();
    },
    fail(isDown: boolean) {
      down = isDown;
    },
    /** A token that is valid unless the claims say otherwise. */
    token: (claims: JWTPayload = {}, header: object = {}) =>
      new SignJWT({
        iss: 'https://issuer.example',
        aud: 'martlet',
        sub: 'service-a',
        exp: Math.floor(Date.now() / 1000) + 300,
        ...claims,
      })
        .setProtectedHeader({ alg: algorithm, kid: pair.kid, ...header })
        .sign(pair.privateKey),
  };
}

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;

export const tokenSettings = ({ jwksUrl }: Issuer) => ({
  jwks_url: jwksUrl,
  issuer: 'https://issuer.example',
  audience: ['martlet', 'other'],
  user_claims: [],
  algorithms: [],
});
