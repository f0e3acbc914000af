import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import type { TransportPlan } from '../../src/carrier/provider-row.ts';
import { openFcm } from '../../src/fcm/open.ts';
import type { FcmSection } from '../../src/fcm/section.ts';
import { fcmSettings } from '../../src/fcm/settings.ts';
import { numberedPools } from '../../src/http2/create-pool.ts';
import { openOutbound } from '../../src/outbound/outbound.ts';
import type { Outcome } from '../../src/push/push.ts';
import { startFcmServer } from './fcm-server.ts';
import { goodAnswers, IAM, STS, startSignInServers } from './sign-in/sign-in-servers.ts';

const section: FcmSection = {
  enabled: true,
  key_path: '',
  credential: '',
  project_id: '',
  max_retry: 0,
  endpoint: 'https://localhost:1',
  connections: 0,
  rate_limit: 0,
  request_timeout: 5,
};
const OF_DEFAULT = { app: 'default', environment: 'production', trusted: true, own: false, origin: 'file' } as const;

function provider(extraCa: readonly string[] = [], env: Record<string, string> = {}) {
  const outbound = openOutbound({ core: { ca_path: '', http_proxy: '' }, extraCa, createPool: numberedPools() });
  onTestFinished(() => outbound.close());
  return openFcm({ outbound, env, late: NO_LATE_OUTCOMES, sectionOf: () => undefined, log: () => {} });
}

const external = (origin: string, file: string, more: object = {}) => ({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: origin + STS,
  service_account_impersonation_url: origin + IAM,
  credential_source: { file },
  ...more,
});

function fileOf(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fcm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, content);
  return path;
}

/** What becomes of one push by the transport of a plan. */
async function pushedBy(fcm: ReturnType<typeof openFcm>, plan: TransportPlan<FcmSection>): Promise<Outcome> {
  const transport = fcm.transport(plan);
  onTestFinished(() => transport.close());
  const targets = ['token'];
  const notification = { platform: 2, tokens: targets, message: 'hi' };
  return new Promise((resolve) =>
    transport.send({ notification, kind: 'token', targets, environment: 'production', attempt: 0 }, (_, outcome) =>
      resolve(outcome),
    ),
  );
}

test('the credential of config.yml may be an external account, in the project that the settings name', async () => {
  await using google = await startSignInServers(goodAnswers(Date.now()));
  await using server = await startFcmServer();
  const file = fileOf(JSON.stringify(external(google.origin, fileOf('subject'), { quota_project_id: 'bill-me' })));
  const plan = { ...OF_DEFAULT, section: { ...section, key_path: file, project_id: 'p', endpoint: server.origin } };
  expect(await pushedBy(provider([server.ca]), plan)).toMatchObject({ kind: 'accepted' });
  const [arrived] = server.arrived;
  expect(arrived?.headers[':path']).toBe('/v1/projects/p/messages:send');
  expect(arrived?.headers.authorization).toBe('Bearer impersonated');
  expect(arrived?.headers['x-goog-user-project']).toBe('bill-me');
});

test('so may that of the environment, and that of an app of config.yml', async () => {
  await using google = await startSignInServers(goodAnswers(Date.now()));
  await using server = await startFcmServer();
  const file = fileOf(JSON.stringify(external(google.origin, fileOf('subject'), { project_id: 'own' })));
  const here = { ...section, endpoint: server.origin };
  const env = { GOOGLE_APPLICATION_CREDENTIALS: file };
  expect(await pushedBy(provider([server.ca], env), { ...OF_DEFAULT, section: here })).toMatchObject({
    kind: 'accepted',
  });
  const ofApp = { ...OF_DEFAULT, app: 'acme', own: true, section: { ...here, key_path: file } };
  expect(await pushedBy(provider([server.ca]), ofApp)).toMatchObject({ kind: 'accepted' });
  expect(server.arrived.map(({ headers }) => [headers[':path'], headers['x-goog-user-project']])).toEqual([
    ['/v1/projects/own/messages:send', undefined],
    ['/v1/projects/own/messages:send', undefined],
  ]);
});

const ofStore = (credential: object, trusted: boolean): TransportPlan<FcmSection> => ({
  ...OF_DEFAULT,
  ...{ app: 'tenant', own: true, origin: 'store', trusted },
  section: { ...section, credential: JSON.stringify(credential) },
});

test.each([true, false])(
  'that of an app made at run time reads no file, however it got there (trusted: %j)',
  async (trusted) => {
    await using google = await startSignInServers(goodAnswers(Date.now()));
    const account = external(google.origin, fileOf('SECRET'), { project_id: 'p' });
    const source = {
      type: 'impersonated_service_account',
      project_id: 'p',
      service_account_impersonation_url: google.origin + IAM,
      source_credentials: account,
    };
    for (const credential of [account, source])
      expect(() => provider().transport(ofStore(credential, trusted))).toThrow('it can be used in config.yml only');
    expect(google.asked).toEqual([]);
  },
);

test('a service account of such an app acts as others at public addresses only', async () => {
  await using google = await startSignInServers(goodAnswers(Date.now()));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const credential = {
    type: 'impersonated_service_account',
    project_id: 'p',
    service_account_impersonation_url: google.origin + IAM,
    source_credentials: {
      type: 'service_account',
      client_email: 'a@b.example',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: google.origin + STS,
    },
  };
  expect(await pushedBy(provider(), ofStore(credential, false))).toMatchObject({
    category: 'not_sent',
    error: expect.stringContaining('the host leads to a private address'),
  });
  expect(google.asked).toEqual([]);
});

test.each([
  [
    { file: '/nowhere/token' },
    'external_account (token from /nowhere/token, which is not there now, acts as push@p.iam.gserviceaccount.com)',
  ],
  [
    { url: 'http://169.254.169.254/metadata?secret=x' },
    'external_account (token from http://169.254.169.254, acts as push@p',
  ],
  [{ environment_id: 'aws1' }, 'external_account (token from keys of AWS, acts as push@p'],
])('martlet check says of %j how it signs in', async (credential_source, expected) => {
  const credential = JSON.stringify(external('https://google.example', '', { credential_source, project_id: 'p' }));
  expect(await fcmSettings.describe({ ...section, credential }, {})).toContain(`project p, ${expected}`);
  const source_credentials = JSON.parse(credential) as object;
  const type = 'impersonated_service_account';
  const url = `https://google.example${IAM}`;
  const acting = { type, project_id: 'q', service_account_impersonation_url: url, source_credentials };
  expect(await fcmSettings.describe({ ...section, credential: JSON.stringify(acting) }, {})).toContain(
    `project q, impersonated_service_account (${expected}`,
  );
});
