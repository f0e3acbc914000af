import { generateKeyPairSync } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { describe, expect, test } from 'vitest';
import { startMailServer } from './mail-server.ts';
import { mailTransport, outcomesOf } from './mail-transport.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

const settings = (key: string) => ({
  from: 'Relay <relay@example.org>',
  dkim: { domain: 'example.org', selector: 'martlet', key_path: '', key },
});

/** mailauth, with a DNS of this test. */
async function verdictOf(mail: Buffer) {
  const resolver = async (name: string, type: string): Promise<string[][]> => {
    if (name === 'martlet._domainkey.example.org' && type === 'TXT') return [[record]];
    throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  };
  const { results } = await dkimVerify(mail, { resolver });
  return results.map(({ status, signingDomain, signingHeaders }) => ({
    result: status.result,
    domain: signingDomain,
    headers: signingHeaders?.keys?.toLowerCase(),
  }));
}

async function sentMail(key: string): Promise<Buffer> {
  await using server = await startMailServer();
  await using sender = mailTransport({ port: server.port, ...settings(key) });
  const fields = {
    title: 'Grüße aus Köln, mit einem Betreff, der so lang ist, dass er umbrochen werden muss',
    message: 'one\n\n.\n..two  \n\n\n',
    email: {
      headers: {
        'List-Unsubscribe': '<https://example.org/u/1>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
    },
  };
  expect(await outcomesOf(sender, ['ada@example.com'], fields)).toMatchObject([{ kind: 'accepted' }]);
  return server.taken[0]?.raw as Buffer;
}

describe('a DKIM signature', () => {
  test('is right by a verifier that is not nodemailer, and covers the headers that matter', async () => {
    const [verdict] = await verdictOf(await sentMail(pem));
    expect(verdict).toMatchObject({ result: 'pass', domain: 'example.org' });
    for (const name of ['from', 'to', 'subject', 'message-id', 'list-unsubscribe', 'list-unsubscribe-post'])
      expect(verdict?.headers?.split(/:\s*/)).toContain(name);
  });

  test('is of one mail and no other', async () => {
    const mail = (await sentMail(pem))
      .toString('latin1')
      .replace('Unsubscribe: <https://example.org/u/1>', 'Unsubscribe: <https://evil.example/>');
    expect(await verdictOf(Buffer.from(mail, 'latin1'))).toMatchObject([{ result: 'fail' }]);
  });

  test.each([
    ['on one line, with \\n in it', pem.replaceAll('\n', '\\n')],
    ['in base64', Buffer.from(pem).toString('base64')],
    ['with blanks for line breaks', pem.replaceAll('\n', ' ')],
    ['without the lines around it', pem.replaceAll(/-----.*-----\n/g, '')],
    ['in PKCS#1', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
  ])('is made with a key %s', async (_, key) => {
    expect(await verdictOf(await sentMail(key))).toMatchObject([{ result: 'pass' }]);
  });
});
