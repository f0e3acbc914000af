import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { smsForm } from '../../src/sms/payload.ts';
import { needs } from '../support/needs.ts';

/** Twilio publishes its OpenAPI files as data of its command line's core. */
const PACKAGE = '@twilio/cli-core@8.3.2';
const FILE = 'package/src/services/twilio-api/twilio_api_v2010.json';
const PATH = '/2010-04-01/Accounts/{AccountSid}/Messages.json';

function publishedSchema(): object {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-'));
  try {
    const archive = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: folder, encoding: 'utf8' }).trim();
    execFileSync('tar', ['-xzf', archive, FILE], { cwd: folder });
    const api = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    const { schema } = api.paths[PATH].post.requestBody.content['application/x-www-form-urlencoded'];
    return { ...schema, additionalProperties: false, components: api.components };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("requests have the form of Twilio's published API", needs('package registry'), () => {
  const text = JSON.stringify(publishedSchema()).replaceAll('"nullable":true', '"x-nullable":true');
  const ajv = new Ajv({ strict: false, coerceTypes: true });
  addFormats.default(ajv, ['uri']);
  const check = ajv.compile(JSON.parse(text));
  const of = (more: object) =>
    Object.fromEntries(
      new URLSearchParams(
        smsForm({
          to: '+4915112345678',
          text: 'hi',
          sender: { from: '+15005550006', messagingServiceSid: '' },
          validity: 60,
          ...more,
        }),
      ),
    );
  const service = { from: '', messagingServiceSid: `MG${'0'.repeat(32)}` };
  for (const more of [
    {},
    { sender: service },
    { statusCallback: 'https://push.example.com/v1/callbacks/sms/a/status' },
  ]) {
    expect(check(of(more)), JSON.stringify(check.errors)).toBe(true);
  }
  expect(check({ ...of({}), Nonsense: '1' })).toBe(false);
});
