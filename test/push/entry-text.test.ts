import { describe, expect, it } from 'vitest';
import { createPushLines } from '../../src/observe/log/push-lines.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { entryText } from '../../src/push/entry-text.ts';
import { pushEntry } from '../../src/push/push-entry.ts';
import { failed, settlement } from '../support/settlement.ts';

const LONG = 'm'.repeat(100_000);
const tokensOf = (count: number) => Array.from({ length: count }, (_, i) => `token-${i}`);
/** What each entry has of its own. */
const ENTRY = 4096;

/** All failed targets of a push whose texts are long, told one by one as they come. */
function settlements(count: number) {
  const tokens = tokensOf(count);
  const notification = { platform: 1, tokens, message: LONG, notif_id: LONG };
  const outcomes = [failed({ error: LONG, reason: LONG })];
  return tokens.map((token) => settlement([token], outcomes, { notification }));
}

function linesOf(json: boolean, hidden = { tokens: false, messages: false }): string {
  let text = '';
  const log = {
    stream: { write: (line: string) => (text += line) },
    enabled: true,
    style: { colours: false, stamped: false },
  };
  const write = createPushLines({ json, providers: builtIn, hidden, access: log, error: log, time: () => '' });
  for (const each of settlements(500)) write(each);
  return text;
}

describe('a text that the results of many targets repeat', () => {
  it('is whole in each of them up to 1,024 characters, and for one target at any length', () => {
    const short = 'm'.repeat(1024);
    expect(entryText(short, { tokens: tokensOf(10_000) })).toBe(short);
    expect(entryText(LONG, { tokens: ['a'] })).toBe(LONG);
  });

  it('is cut with a mark where it would be written more than three times', () => {
    const cut = entryText(LONG, { tokens: tokensOf(98) });
    expect(cut).toBe(`${'m'.repeat(3000)}… (100000 characters)`);
  });

  it('is not cut within a character', () => {
    const cut = entryText('😀'.repeat(1000) + LONG, { tokens: tokensOf(1_000_000) });
    expect(entryText(`x${'😀'.repeat(10_000)}`, { tokens: tokensOf(1_000_000) }).isWellFormed()).toBe(true);
    expect(cut.isWellFormed()).toBe(true);
  });

  it('makes entries for answers and hooks that are no more together than three times the texts', () => {
    const written = settlements(500).reduce((sum, each) => sum + JSON.stringify(pushEntry(each, 0)).length, 0);
    expect(written).toBeLessThan(4 * 3 * LONG.length + 500 * ENTRY);
  });

  it.each([false, true])('makes log lines that are no more than that (JSON: %s)', (json) => {
    expect(linesOf(json).length).toBeLessThan(4 * 3 * LONG.length + 500 * ENTRY);
    expect(linesOf(json, { tokens: true, messages: true }).length).toBeLessThan(4 * 3 * LONG.length + 500 * ENTRY);
  });
});
