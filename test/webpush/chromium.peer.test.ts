import { expect, onTestFinished, test } from 'vitest';
import { openSecureServer } from '../../src/sandbox/secure-server.ts';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { openBrowser } from '../api/console/browser.ts';
import { needs } from '../support/needs.ts';
import { leaf, push, reasonsOf, startTransport } from './web-workplace.ts';

/** Runs in the page: makes the keys of a subscription, and keeps the private one. */
async function subscribe(): Promise<{ p256dh: string; auth: string }> {
  const base64url = (bytes: ArrayBuffer | Uint8Array) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  const auth = crypto.getRandomValues(new Uint8Array(16));
  const p256dh = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  Object.assign(globalThis, { kept: { pair, auth, p256dh } });
  return { p256dh: base64url(p256dh), auth: base64url(auth) };
}

/** Runs in the page: RFC 8291 by nothing but WebCrypto. */
async function decrypt(body: string): Promise<string> {
  const { pair, auth, p256dh } = (
    globalThis as unknown as {
      kept: { pair: { privateKey: CryptoKey }; auth: Uint8Array<ArrayBuffer>; p256dh: Uint8Array };
    }
  ).kept;
  const bytes = Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
  const [salt, sender, sealed] = [bytes.slice(0, 16), bytes.slice(21, 86), bytes.slice(86)];
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
  const publicKey = await crypto.subtle.importKey('raw', sender, ecdh, false, []);
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, pair.privateKey, 256);
  const hkdf = async (
    input: ArrayBuffer,
    salted: Uint8Array<ArrayBuffer>,
    info: Uint8Array<ArrayBuffer>,
    bits: number,
  ) => {
    const key = await crypto.subtle.importKey('raw', input, 'HKDF', false, ['deriveBits']);
    return crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: salted, info }, key, bits);
  };
  const text = (words: string) => new TextEncoder().encode(words);
  const info = new Uint8Array([...text('WebPush: info\0'), ...p256dh, ...sender]);
  const input = await hkdf(shared, auth, info, 256);
  const cek = await hkdf(input, salt, text('Content-Encoding: aes128gcm\0'), 128);
  const iv = await hkdf(input, salt, text('Content-Encoding: nonce\0'), 96);
  const key = await crypto.subtle.importKey('raw', cek, 'AES-GCM', false, ['decrypt']);
  const padded = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed));
  return new TextDecoder().decode(padded.slice(0, padded.lastIndexOf(2)));
}

test('Chromium decrypts the body as it is delivered, with its own WebCrypto', needs('chromium'), async () => {
  const bodies: Buffer[] = [];
  const server = await openSecureServer({ leaf }, (exchange) => {
    bodies.push(exchange.body);
    exchange.respond(201);
  });
  onTestFinished(() => server.close());
  const transport = startTransport({ vapid: [generateVapidPair()], ways: { endpoint: server.origin } });
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  // WebCrypto wants a secure context: loopback is one.
  await page.route('http://localhost/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>a</title>' }),
  );
  await page.goto('http://localhost/');
  const keys = await page.evaluate(subscribe);
  const target = JSON.stringify({ endpoint: 'https://fcm.googleapis.com/fcm/send/one', keys });
  const messages = ['kurz', 'ä'.repeat(1500), '🦊'];
  for (const message of messages) expect(reasonsOf(await push(transport, [target], { message }))).toEqual(['accepted']);
  const read = await Promise.all(bodies.map((body) => page.evaluate(decrypt, body.toString('base64'))));
  expect(read.map((text) => JSON.parse(text).notification.body)).toEqual(messages);
});
