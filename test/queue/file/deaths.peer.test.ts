import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { Journal } from '../../../src/queue/file/journal.ts';
import { type JournalSnapshot, readJournal, remaining } from '../../../src/queue/file/read-journal.ts';

const PROGRAM = fileURLToPath(new URL('./mortal-queue.ts', import.meta.url));
/** Of which the record is set aside, and one more where reading it is what kills. */
const DEATHS = 6;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-deaths-'));
  folders.push(folder);
  return folder;
}

interface Run {
  readonly isDead: boolean;
  /** What it printed: `back r1`, `sent a`, `failed r1 SetAside a`. */
  readonly lines: readonly string[];
}

/** One process on the file, until it ends. */
async function run(
  folder: string,
  sending: 'send' | 'wait',
  ending: 'idle' | 'stop' | 'die',
  requests: readonly (readonly string[])[] = [],
): Promise<Run> {
  const args = [PROGRAM, folder, sending, ending, ...requests.map((tokens) => JSON.stringify(tokens))];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...how) => resolve(how)),
  );
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`it ended with ${code}: ${errors}`);
  return { isDead: signal === 'SIGKILL', lines: output.split('\n').filter((line) => line !== '') };
}

/** Starts it again until it ends in order. */
async function runUntilAlive(folder: string, first: readonly (readonly string[])[]): Promise<Run[]> {
  const runs = [await run(folder, 'send', 'idle', first)];
  while (runs.at(-1)?.isDead && runs.length < 20) runs.push(await run(folder, 'send', 'idle'));
  return runs;
}

const about = (runs: readonly Run[], word: string): string[] =>
  runs.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)),
  );

const snapshot = (folder: string): JournalSnapshot => readJournal(join(folder, 'queue.db'));

function expectSumsToAddUp({ totals, records }: JournalSnapshot): void {
  const left = records.reduce((sum, record) => sum + remaining(record), 0);
  expect(totals.accepted - totals.settled).toBe(left);
}

const innocents = Array.from({ length: 60 }, (_, n) => [`t${n}`, `u${n}`]);

describe.each([
  ['while it is decoded', 'decode-kills', DEATHS + 1],
  ['when it is sent', 'send-kills', DEATHS],
])('a record that ends the process %s', (_, poison, deaths) => {
  const requests = innocents.toSpliced(30, 0, [poison, 'beside']);
  test('comes last and in the end alone, is set aside after some deaths, and reported once; the others are delivered', async () => {
    const folder = newFolder();
    // The first process dies of something else, with everything in hand.
    const first = await run(folder, 'wait', 'die', requests);
    const runs = [first, ...(await runUntilAlive(folder, []))];
    expect(runs.filter(({ isDead }) => isDead)).toHaveLength(deaths);
    const targets = poison === 'decode-kills' ? [''] : [poison, 'beside'];
    expect(about(runs, 'failed')).toEqual(targets.map((target) => `r30 SetAside ${target}`));
    expect([...new Set(about(runs, 'sent'))].toSorted()).toEqual(innocents.flat().toSorted());

    // Second process: nothing is suspected yet. Third: all is, and comes in one group; fourth: in small ones.
    const back = runs.map((each) => about([each], 'back'));
    expect(back[1]?.indexOf('r30')).toBe(30);
    for (const ids of back.slice(4)) expect(ids.at(-1)).toBe('r30');

    const left = snapshot(folder);
    expect(left.records).toEqual([]);
    expect(left.aside).toMatchObject([{ kind: 'request', id: 'r30', reason: 'SetAside', open: 2, deaths }]);
    expectSumsToAddUp(left);
    // And it stays aside.
    expect(await run(folder, 'send', 'idle')).toEqual({ isDead: false, lines: [] });
  });
});

test('two records that end the process are both found', async () => {
  const folder = newFolder();
  const requests = innocents.toSpliced(10, 0, ['decode-kills']).toSpliced(40, 0, ['send-kills']);
  await run(folder, 'wait', 'die', requests);
  const runs = await runUntilAlive(folder, []);
  expect(about(runs, 'failed').toSorted()).toEqual(['r10 SetAside ', 'r40 SetAside send-kills']);
  expect([...new Set(about(runs, 'sent'))].toSorted()).toEqual(innocents.flat().toSorted());
  expectSumsToAddUp(snapshot(folder));
});

test('while a provider is away, no number of kills sets anything aside: what waits is not in hand', async () => {
  const folder = newFolder();
  await run(folder, 'wait', 'die', innocents);
  for (let kill = 0; kill < DEATHS + 1; kill++) await run(folder, 'wait', 'die');
  expect(snapshot(folder).aside).toEqual([]);
  const last = await run(folder, 'send', 'idle');
  expect(about([last], 'sent')).toHaveLength(120);
  expect(about([last], 'failed')).toEqual([]);
});

test('a stop in order is no death, and is forgiven what came before it', async () => {
  const heldAfter = async (...endings: ('die' | 'stop')[]): Promise<number> => {
    const folder = newFolder();
    for (const [at, ending] of endings.entries())
      await run(folder, 'wait', ending, at === 0 ? innocents.slice(0, 3) : []);
    const journal = new Journal(join(folder, 'queue.db'), 'normal');
    const held = journal.deaths.held().length;
    journal.close();
    return held;
  };
  expect(await heldAfter('die', 'die')).toBe(3);
  expect(await heldAfter('die', 'stop', 'die')).toBe(0);
  expect(await heldAfter('stop', 'stop', 'stop')).toBe(0);
});

test('what is new is not held up by what is held back', async () => {
  const folder = newFolder();
  await run(folder, 'wait', 'die', [['old']]);
  await run(folder, 'wait', 'die');
  const { lines } = await run(folder, 'send', 'idle', [['new']]);
  expect(lines).toEqual(expect.arrayContaining(['sent new', 'sent old']));
});
