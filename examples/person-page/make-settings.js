/** The relay's configuration, made at the first start and yours to change from then on. */
import { createECDH, createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The same as `martlet vapid` prints. */
function vapidPair() {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const private_key = pair.getPrivateKey().toString('hex').padStart(64, '0');
  return {
    public_key: pair.getPublicKey('base64url'),
    private_key: Buffer.from(private_key, 'hex').toString('base64url'),
  };
}

function firstSettings(apiKey, { origin, relayPort }) {
  return {
    core: { address: '127.0.0.1', port: relayPort },
    auth: {
      keys: { 'back-end': { sha256: createHash('sha256').update(apiKey).digest('hex'), scopes: ['push', 'users'] } },
    },
    hub: { enabled: true, path: 'hub.db', cors_origins: [origin] },
    queue: { local: { path: 'queue.db' } },
    // Whom a push service may turn to: put your own address here.
    web: { subject: 'mailto:push@example.com', vapid: [vapidPair()] },
  };
}

/** @returns the key of this back end, and the public key that browsers subscribe with */
export function makeSettings(folder, places) {
  const [keyFile, file] = [join(folder, 'api-key'), join(folder, 'config.json')];
  if (!existsSync(file)) {
    const apiKey = randomBytes(24).toString('base64url');
    // Both are secrets.
    writeFileSync(keyFile, apiKey, { mode: 0o600 });
    writeFileSync(file, `${JSON.stringify(firstSettings(apiKey, places), null, 2)}\n`, { mode: 0o600 });
  }
  const { web } = JSON.parse(readFileSync(file, 'utf8'));
  return { apiKey: readFileSync(keyFile, 'utf8').trim(), publicKey: web.vapid[0].public_key };
}
