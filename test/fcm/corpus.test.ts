import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fcmMessage, targetFailure, targetJson } from '../../src/fcm/payload.ts';
import { fcm } from '../../src/fcm/provider.ts';
import { fcmOutcome } from '../../src/fcm/reasons.ts';
import type { Notification } from '../../src/push/push.ts';
import { targetsOf } from '../../src/push/targets.ts';
import { decodePushRequest } from '../../src/push/wire/decode-push-request.ts';
import { parseJson } from '../../src/push/wire/parse-json.ts';
import { matches } from './corpus-match.ts';

const FOLDER = new URL('../contract/corpus', import.meta.url).pathname;

interface Seen {
  readonly responses?: readonly { status: number; body: { logs?: { token: string; error: string }[] } }[];
  readonly upstream?: readonly { host: string; body: unknown }[];
}
interface Provider {
  readonly host: string;
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
interface Case {
  readonly name: string;
  readonly requests?: readonly { body?: unknown; raw?: string }[];
  readonly providers?: readonly Provider[];
  readonly recorded: Seen;
  readonly expect?: Seen & { any?: boolean };
}

const parse = (text: string): unknown => parseJson(text).value;
const casesOf = (group: string): Case[] => {
  const file = `${FOLDER}/${group}.json`;
  return (parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases;
};

/** The request bodies and refusals of all android notifications in a case's requests. */
function sendAll(notifications: readonly Notification[]): { bodies: unknown[]; refused: number } {
  const bodies: unknown[] = [];
  let refused = 0;
  for (const notification of notifications.filter(({ platform }) => platform === 2)) {
    for (const { kind, targets } of targetsOf(notification, fcm.requests)) {
      const message = fcmMessage(notification, kind);
      for (const target of targets) {
        if (!message.ok || targetFailure(target, kind)) refused++;
        else bodies.push(parse(`${message.before}${targetJson(target, kind)}${message.after}`));
      }
    }
  }
  return { bodies, refused };
}

const payloadCases = ['fcm', 'async-feedback'].flatMap((group) =>
  casesOf(group)
    .filter(({ name, requests, providers }) => (requests?.length === 1 || name.startsWith('dry')) && !providers)
    .filter(({ requests }) => JSON.stringify(requests).includes('"platform":2'))
    .filter(({ expect: wanted, recorded }) => (wanted?.upstream ?? recorded.upstream) !== undefined)
    .map((each) => [`${group}/${each.name}`, each] as const),
);

describe('the messages of the corpus', () => {
  test.each(payloadCases)('%s is sent as recorded', (_, { requests, recorded, expect: wanted }) => {
    const request = requests?.[0];
    const decoded = decodePushRequest(request?.raw ?? JSON.stringify(request?.body));
    const seen = { ...recorded, ...wanted };
    if (!decoded.ok) {
      expect(seen.responses?.[0]?.status).toBe(400);
      return;
    }
    const { bodies, refused } = sendAll(decoded.notifications);
    const missing = bodies.slice();
    const upstream = (seen.upstream ?? []).filter(({ host }) => host.startsWith('fcm'));
    for (const { body } of upstream) {
      const found = missing.findIndex((each) => matches(body, each, parse));
      expect(found, `nothing like ${JSON.stringify(body)} among ${JSON.stringify(missing)}`).toBeGreaterThanOrEqual(0);
      missing.splice(found, 1);
    }
    expect(missing).toEqual([]);
    if (seen.responses?.[0]?.body.logs?.length) expect(refused).toBe(seen.responses[0].body.logs.length);
  });
});

const answerCases = casesOf('fcm-errors')
  .filter(({ providers }) => providers?.length === 1 && providers[0]?.host === 'fcm' && providers[0].status)
  .filter(({ expect: wanted }) => !wanted?.any)
  .map((each) => [each.name, each] as const);

describe('the answers of the corpus', () => {
  test.each(answerCases)('%s is told as recorded', (_, { providers = [], recorded, expect: wanted }) => {
    const { status, body = '', headers = {} } = providers[0] as Provider;
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const outcome = fcmOutcome(status, headers, bytes);
    const told = [...(recorded.responses?.[0]?.body.logs ?? []), ...(wanted?.responses?.[0]?.body.logs ?? [])];
    const error = told.at(-1)?.error;
    if (error === undefined) return;
    expect(outcome.kind).toBe('failed');
    if (error !== '<nonempty>') expect(outcome).toMatchObject({ error });
  });
});
