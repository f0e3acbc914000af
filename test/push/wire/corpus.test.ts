import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodePushRequest } from '../../../src/push/wire/decode-push-request.ts';

interface Request {
  path?: string;
  body?: unknown;
  raw?: string;
  rawBase64?: string;
  rawParts?: [string, number][];
}
interface Answers {
  any?: boolean;
  oneOf?: unknown;
  responses?: { status?: number; body?: { message?: string } }[];
}
interface Case {
  name: string;
  requests?: Request[];
  recorded: Answers;
  expect?: Answers;
}

const corpus = new URL('../../contract/corpus/', import.meta.url);

function bytesOf({ body, raw, rawBase64, rawParts }: Request): Buffer {
  if (body !== undefined) return Buffer.from(JSON.stringify(body));
  if (rawBase64 !== undefined) return Buffer.from(rawBase64, 'base64');
  return Buffer.from(raw ?? (rawParts ?? []).map(([text, times]) => text.repeat(times)).join(''));
}

const groups = ['validation', 'ios', 'fcm', 'hms', 'mixed'];

const casesOf = (group: string): Case[] => {
  const { cases } = JSON.parse(readFileSync(new URL(`${group}.json`, corpus), 'utf8')) as { cases: Case[] };
  return cases.filter((one) => !one.expect?.any && !one.expect?.oneOf);
};

for (const group of groups) {
  test(`the bodies of ${group} are taken or refused as recorded`, () => {
    for (const one of casesOf(group)) checkCase(one);
  });
}

function checkCase(one: Case): void {
  for (const [i, request] of (one.requests ?? []).entries()) {
    const answer = one.expect?.responses?.[i] ?? one.recorded.responses?.[i];
    if (request.path !== '/api/push' || answer?.status === undefined) continue;
    const isRefused = answer.status === 400 && answer.body?.message === 'Missing notifications field.';
    expect(decodePushRequest(bytesOf(request)).ok, one.name).toBe(!isRefused);
  }
}
