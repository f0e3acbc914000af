import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isObject } from '../../src/kit/is-object.ts';
import { type DocsRelay, startDocsRelay } from './docs-relay.ts';

const GUIDES = {
  'register-devices': 4,
  'quiet-hours': 4,
  'on-call': 5,
  'task-reminders': 3,
  digests: 4,
  'from-onesignal': 3,
  'from-novu': 4,
  'from-fcm': 3,
};

/** A block of commands, and what the last of them answers. */
interface Sample {
  readonly commands: string;
  readonly answer?: unknown;
}

const samplesOf = (name: string): Sample[] => {
  const page = readFileSync(new URL(`../../docs/hub/${name}.md`, import.meta.url), 'utf8');
  return [...page.matchAll(/^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```$)?/gms)].map(([, commands = '', answer]) => ({
    commands,
    ...(answer === undefined ? {} : { answer: JSON.parse(answer) as unknown }),
  }));
};

/** Texts of `…` stand for any. */
function expected(shown: unknown): unknown {
  if (shown === '…') return expect.any(String);
  // What a list shows is among what it has.
  if (Array.isArray(shown)) return expect.arrayContaining(shown.map(expected));
  if (!isObject(shown)) return shown;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, expected(value)])),
  );
}

let relay: DocsRelay;

beforeAll(async () => {
  relay = await startDocsRelay();
});
afterAll(() => relay.close());

/** @returns the last answer */
async function paste(commands: string): Promise<unknown> {
  return JSON.parse((await relay.paste(commands)).trimEnd().split('\n').at(-1) ?? '');
}

/** What only asks may be asked again, until it has what the page shows. */
const asks = (line: string): boolean => /^curl "?\$relay/.test(line) && !line.includes(' -d ');

describe.each(Object.entries(GUIDES))('docs/hub/%s.md', (name, count) => {
  test('shows commands that work, and what they answer', async () => {
    const samples = samplesOf(name);
    expect(samples.filter(({ answer }) => answer !== undefined)).toHaveLength(count);
    for (const { commands, answer } of samples) {
      const first = await paste(commands);
      if (answer === undefined) continue;
      const last = commands.trimEnd().split('\n').at(-1) as string;
      if (!asks(last)) expect(first).toEqual(expected(answer));
      else await expect.poll(() => paste(last)).toEqual(expected(answer));
    }
  });
});
