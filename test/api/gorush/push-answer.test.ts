import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type PushAnswer, sendPushAnswer } from '../../../src/api/gorush/push-answer.ts';
import { sizeOf } from '../../../src/kit/http/answer.ts';
import { pushEntry } from '../../../src/push/push-entry.ts';
import { failed, settlement } from '../../support/settlement.ts';

const entry = pushEntry(settlement(['a'], [failed()]), 0);

async function received(failures: number): Promise<{ headers: Headers; text: string; noted: number }> {
  const answer: PushAnswer = {
    counts: failures,
    logs: Array.from({ length: failures }, (_, i) => ({ ...entry, token: `token-ä-${i}` })),
    success: 'ok',
    request_id: 'r1',
  };
  let noted = 0;
  const server = createServer((_req, res) => {
    res.on('finish', () => {
      noted = sizeOf(res);
    });
    sendPushAnswer(res, answer, { 'X-Own': 'yes' });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const text = await response.text();
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(answer)));
  server.close();
  return { headers: response.headers, text, noted };
}

test('an answer with up to a thousand failures has a length', async () => {
  const { headers, text, noted } = await received(1000);
  expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
  expect(noted).toBe(Buffer.byteLength(text));
});

test.each([1001, 2000, 2500])('an answer with %i failures comes in pieces, and its size is noted', async (failures) => {
  const { headers, text, noted } = await received(failures);
  expect(headers.get('content-length')).toBeNull();
  expect(headers.get('x-own')).toBe('yes');
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(noted).toBe(Buffer.byteLength(text));
});
