import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../support/sandbox-of-three.ts';
import { blocksOf } from './blocks.ts';
import { type DocsRelay, startDocsRelay } from './docs-relay.ts';

/** Pages whose commands are for a relay that runs, and how many blocks of them each has. */
const PAGES = {
  'docs/apps.md': 1,
  'docs/email.md': 1,
  'docs/expo.md': 1,
  'docs/ntfy.md': 1,
  'docs/slack.md': 1,
  'docs/sms.md': 1,
  'docs/hub/incidents.md': 3,
  'docs/hub/schedules.md': 2,
  'docs/hub/streams.md': 1,
  'docs/hub/tasks.md': 1,
};

const MORE = `
email: { enabled: true }
expo: { enabled: true }
ntfy: { enabled: true }
slack: { enabled: true }
sms: { enabled: true }
apps: { path: apps.db }
`;

/** What a page leaves out, and the ends that a shell would wait for. */
const filled = (commands: string): string =>
  commands
    .replaceAll('whsec_…', `whsec_${Buffer.alloc(24, 7).toString('base64')}`)
    .replaceAll('ExponentPushToken[…]', 'ExponentPushToken[aaaaaaaaaaaaaaaaaaaaaa]')
    .replaceAll('"appsecret": "…"', '"appsecret": "secret"')
    .replaceAll('"tokens": ["…"]', `"tokens": ["${'a1b2c3d4'.repeat(8)}"]`)
    .replaceAll('curl -N ', 'curl --max-time 2 -N ');

let relay: DocsRelay;

beforeAll(async () => {
  relay = await startDocsRelay(MORE);
  const sandbox = await startSandbox();
  const { fcm } = sandbox.credentials;
  await sandbox.close();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = (name: string, text: string): void => writeFileSync(join(relay.folder, name), text);
  file('AuthKey_ABCDE12345.p8', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  file('service-account.json', JSON.stringify({ ...fcm, token_uri: 'https://oauth2.googleapis.com/token' }));
});
afterAll(() => relay.close());

/** Of a push: that something of it was refused is in an answer of 200. */
const failed = /"logs":\[\{|"warnings"|^failed:/m;

describe.each(Object.entries(PAGES))('%s', (page, count) => {
  test('shows commands that work', async () => {
    const blocks = blocksOf(page, 'sh', 'bash').filter((block) => /localhost:8088|\$relay/.test(block));
    expect(blocks).toHaveLength(count);
    for (const block of blocks) expect(await relay.paste(filled(block))).not.toMatch(failed);
  });
});
