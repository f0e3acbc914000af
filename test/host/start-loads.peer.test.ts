import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadedModules } from './loaded-modules.ts';

/** What a start is not to wait for, nor a relay at rest to have in memory. */
const LATE = [
  ['undici and all that it brings', /\/node_modules\/undici\//],
  ['Express and all that it brings', /\/node_modules\/(?:express|body-parser|router|qs|iconv-lite)\//],
  ['the routes of Express', /\/src\/api\/(?:express-app|callback-routes|history-routes|apps\/)/],
  ['the description of the API', /\/src\/api\/openapi\/(?:openapi-routes|document|.*-group|guides\/)/],
  ['the sandbox', /\/src\/(?:sandbox\/(?!fate\.ts)|host\/sandbox\/|[a-z]+\/sandbox\.ts)/],
  ['workers of a primary', /\/src\/(?:host\/cluster\/node-cluster|cli\/(?:primary-link|serve-with-workers))/],
  ['the hub', /\/src\/(?:hub|api\/hub|host\/hub)\//],
  ['gRPC', /\/src\/grpc\/|\/node_modules\/@grpc\//],
  ['other queue engines', /\/src\/queue\/(?:broker|redis|nats|nsq)\/(?!nats-servers\.ts)/],
  ['a store of apps that there is not', /\/src\/apps\/store\/(?:sqlite-app-store|sync-apps|revision-mark)/],
  ['the sign-in to Google', /\/src\/fcm\/sign-in\/(?:sign-in|subject-token|aws)/],
  ['providers that are off', /\/src\/(?:hms|webpush|expo|ntfy|email|sms|slack)\/open\.ts/],
] as const;

const pem = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

/** APNs and FCM are on, as they usually are. */
function configIn(folder: string): string {
  writeFileSync(join(folder, 'key.p8'), generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem }).privateKey);
  const account = {
    ...{ type: 'service_account', project_id: 'demo', client_email: 'push@demo.iam.gserviceaccount.com' },
    private_key: generateKeyPairSync('rsa', { modulusLength: 2048, ...pem }).privateKey,
    token_uri: 'https://oauth2.googleapis.com/token',
  };
  writeFileSync(join(folder, 'fcm.json'), JSON.stringify(account));
  return `core: {sync: false}
ios: {enabled: true, key_path: key.p8, key_id: ABCDEFGHIJ, team_id: KLMNOPQRST}
android: {enabled: true, key_path: fcm.json}
`;
}

const late = (loaded: readonly string[], pattern: RegExp): readonly string[] =>
  loaded.filter((url) => pattern.test(url)).map((url) => url.replace(/^.*\/(?=src\/|node_modules\/)/, ''));

test('a relay that starts and is asked for its health loads nothing that it does not need for that', async () => {
  const loaded = await loadedModules(configIn, async (origin) => {
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    expect((await fetch(`${origin}/metrics`)).status).toBe(200);
  });
  expect(Object.fromEntries(LATE.map(([what, pattern]) => [what, late(loaded, pattern)]))).toEqual(
    Object.fromEntries(LATE.map(([what]) => [what, []])),
  );
  // A few files more are no matter; a room is.
  expect(loaded.filter((url) => url.includes('/src/')).length).toBeLessThan(560);
});

test('the first request for a route of Express loads it, and is answered', async () => {
  const loaded = await loadedModules(configIn, async (origin) => {
    expect((await fetch(`${origin}/v1/pushes`)).status).toBe(200);
    const unknown = await fetch(`${origin}/nowhere`);
    expect([unknown.status, await unknown.text()]).toEqual([404, '404 page not found']);
  });
  expect(late(loaded, /\/node_modules\/express\//)).not.toEqual([]);
  expect(late(loaded, /\/node_modules\/undici\//)).toEqual([]);
});
