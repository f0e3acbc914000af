import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { promising, sectionsOf, testsIn, unproven } from './support/promising-pages.ts';

/**
 * The rooms of src/ and their floors. A file imports its own room and rooms on lower floors, types included: no neighbour on
 * its own floor, nothing above. Upwards a room speaks by `RelayEvents`, or by a function or a narrow interface handed to it.
 * The map in AGENTS.md has one line for each of these rows.
 */
const floors: Readonly<Record<string, number>> = {
  kit: 0,
  push: 1,
  http2: 1,
  config: 2,
  outbound: 3,
  sandbox: 3,
  queue: 4,
  carrier: 4,
  streams: 4,
  apns: 5,
  fcm: 5,
  hms: 5,
  webpush: 5,
  expo: 5,
  ntfy: 5,
  email: 5,
  sms: 5,
  slack: 5,
  providers: 6,
  observe: 7,
  feedback: 8,
  relay: 8,
  apps: 9,
  hub: 10,
  auth: 11,
  tls: 11,
  health: 11,
  api: 12,
  grpc: 12,
  host: 13,
  cli: 14,
  client: 15,
  notifier: 15,
  notify: 15,
};

/** One folder a provider or channel: same file names inside, and none knows another. */
const twins = ['apns', 'fcm', 'hms', 'webpush', 'expo', 'ntfy', 'email', 'sms', 'slack'];

/** Files of the hub's folders that the others of them may import: types above all. */
const hubContracts = [
  'storage/storage.ts',
  'storage/audit.ts',
  'storage/bulk-insert.ts',
  'storage/head-counts.ts',
  'storage/idempotency.ts',
  'storage/prepared.ts',
  'storage/row-page.ts',
  'storage/unreadable.ts',
  'people/person.ts',
  'devices/device.ts',
  'settings/settings.ts',
  'settings/settings-doc.ts',
  'notifications/notification-doc.ts',
  'notifications/recipients-doc.ts',
  'notifications/notices.ts',
  'notifications/decide.ts',
  'notifications/decision.ts',
  'analytics/roll-notes.ts',
  'push/push-carrier.ts',
  'timers/due-rows.ts',
  'incidents/incident.ts',
  'tasks/task.ts',
  'schedules/schedule.ts',
];

/** The noun that brings the others together: it may look into all of them, and none into it. */
const hubComposer = 'sends';

const MOST_FILES = 25;

interface Import {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly target: string;
  readonly isType: boolean;
}

const sources = globSync('src/**/*.{ts,js}').map((path) => path.replaceAll('\\', '/'));

/** Static and dynamic imports, re-exports, and types by `import('…')`, of files of ours. */
const IMPORT = /\b(?:(import|export)\s+(type\s)?[^;'"`]*?\bfrom|import)\s*\(?\s*['"`](\.[^'"`]+)['"`]/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length,
    text: match[0].replaceAll(/\s+/g, ' '),
    target: posix.join(posix.dirname(file), match[3] as string),
    isType: match[2] !== undefined,
  }));
}

const imports = sources.flatMap(importsOf);

/** `queue` of `src/queue/file/journal.ts`; undefined for main.ts and lambda.ts. */
const roomOf = (file: string): string | undefined => (file.split('/').length > 2 ? file.split('/')[1] : undefined);

const floorOf = (file: string): number => floors[roomOf(file) ?? ''] ?? Number.POSITIVE_INFINITY;

const place = (file: string): string => `${file} (${roomOf(file) ?? 'src'}, floor ${floorOf(file)})`;

const show = ({ file, line, text, target }: Import): string =>
  `${place(file).replace(' (', `:${line} (`)}\n    ${text}\n    which is ${place(target)}`;

const offenders = (isWrong: (each: Import) => boolean): string[] => imports.filter(isWrong).map(show);

describe('the house', () => {
  test('every room has a floor, and every floor in the table is a room', () => {
    const rooms = readdirSync('src').filter((name) => statSync(`src/${name}`).isDirectory());
    expect(Object.keys(floors).toSorted()).toEqual(rooms.toSorted());
  });

  test('a file imports its own room and lower floors', () => {
    const isUpwards = ({ file, target }: Import): boolean =>
      roomOf(file) !== undefined && roomOf(file) !== roomOf(target) && !(floorOf(target) < floorOf(file));
    expect(imports.length).toBeGreaterThan(1000);
    expect(offenders(isUpwards)).toEqual([]);
  });

  test('every import leads to a file', () => {
    expect(offenders(({ target }) => !existsSync(target))).toEqual([]);
  });

  test('providers and channels never import each other', () => {
    const isTwin = (file: string): boolean => twins.includes(roomOf(file) ?? '');
    expect(offenders(({ file, target }) => isTwin(file) && isTwin(target) && roomOf(file) !== roomOf(target))).toEqual(
      [],
    );
  });

  test('a noun of the hub knows another by its contract files only', () => {
    const nounOf = (file: string): string | undefined => (roomOf(file) === 'hub' ? file.split('/')[2] : undefined);
    expect(
      offenders(({ file, target }) => {
        const noun = nounOf(target);
        const isBetween = noun !== undefined && noun !== 'words' && nounOf(file) !== undefined && noun !== nounOf(file);
        if (isBetween && nounOf(file) === hubComposer) return false;
        return isBetween && !hubContracts.includes(target.replace('src/hub/', ''));
      }),
    ).toEqual([]);
  });

  test('the published client needs nothing of ours at run time', () => {
    expect(
      offenders(({ file, target, isType }) => roomOf(file) === 'client' && roomOf(target) !== 'client' && !isType),
    ).toEqual([]);
  });

  test('main.ts and lambda.ts alone lie in src/ itself', () => {
    expect(sources.filter((file) => roomOf(file) === undefined).toSorted()).toEqual(['src/lambda.ts', 'src/main.ts']);
  });

  test(`no folder holds more than ${MOST_FILES} files`, () => {
    const files = globSync('src/**/*', { withFileTypes: true }).filter((entry) => entry.isFile());
    const full = [...Map.groupBy(files, ({ parentPath }) => parentPath)].filter(
      ([, { length }]) => length > MOST_FILES,
    );
    expect(full.map(([folder, { length }]) => `${folder}: ${length}`)).toEqual([]);
  });

  test('an exported type has a name of its own', () => {
    const homes = sources.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^export (?:interface|type|(?:abstract )?class) (\w+)/gm)].map(
        ([, name = '']) => ({ name, file }),
      ),
    );
    const twice = [...Map.groupBy(homes, ({ name }) => name)].filter(([, { length }]) => length > 1);
    expect(twice.map(([name, places]) => `${name}: ${places.map(({ file }) => file).join(', ')}`)).toEqual([]);
  });

  test('a refusal has its HTTP status from the one table; simulated providers and /readyz say their own', () => {
    const ANSWER = /\b(?:sendText|sendJson|sendError|writeHead|resultOf)\((?:\w+, )?[45]\d\d\b/;
    const own = /^src\/(?:sandbox|health)\/|\/sandbox[\w-]*\.ts$/;
    const faces = sources.filter((file) => !own.test(file));
    const found = faces.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((text, index) => (ANSWER.test(text) ? [`${file}:${index + 1} ${text.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });

  test('tests mirror src/: one that has the name of a source file lies where that file does', () => {
    const ENDING = /(\.(peer|heavy))?\.test\.ts$/;
    const places = Map.groupBy(sources, (file) => basename(file, '.ts'));
    const rooms = new Set(Object.keys(floors));
    const astray = globSync('test/**/*.test.ts').filter((file) => {
      const mirrored = file.replace(/^test/, 'src').replace(ENDING, '.ts');
      return rooms.has(roomOf(file) ?? '') && places.has(basename(mirrored, '.ts')) && !existsSync(mirrored);
    });
    expect(astray.map((file) => `${file}: ${places.get(basename(file.replace(ENDING, '')))?.join(', ')}`)).toEqual([]);
  });

  test('a server of the tests that awaits lets a caller go away in the middle', () => {
    const alone = /createServer\((\{[^}]*\}, )?async\b/;
    const found = globSync('test/**/*.ts').filter((file) => alone.test(readFileSync(file, 'utf8')));
    expect(found, 'wrap its listener in awaiting() of test/support').toEqual([]);
  });
});

describe('the documents', () => {
  test('the map in AGENTS.md is the table of floors', () => {
    const rows = readFileSync('AGENTS.md', 'utf8').matchAll(/^\| (\d+) \| `src\/([\w-]+)\/` \|/gm);
    const byFloor = Object.entries(floors).toSorted(([, one], [, other]) => one - other);
    expect([...rows].map(([, floor, room]) => [room, Number(floor)])).toEqual(byFloor);
  });

  test('AGENTS.md is a page', () => {
    expect(readFileSync('AGENTS.md', 'utf8').split('\n').length).toBeLessThanOrEqual(200);
  });

  test('a file or folder of src/ or test/ that a page names is there', () => {
    const pages = ['AGENTS.md', 'README.md', ...globSync('docs/**/*.md')];
    const missing = pages.flatMap((page) => {
      const paths = readFileSync(page, 'utf8').matchAll(/(?<![\w/.-])(?:src|test)\/[\w*/.-]*[\w*/]/g);
      return [...paths].filter(([path]) => globSync(path).length === 0).map(([path]) => `${page}: ${path}`);
    });
    expect(missing).toEqual([]);
  });

  test.each(Object.entries(promising))('%s names the test of each promise', (page, sections) => {
    const found = sectionsOf(readFileSync(page, 'utf8')).filter(({ title }) => sections.includes(title));
    expect(found.map(({ title }) => title)).toEqual(sections);
    expect(found.flatMap(unproven)).toEqual([]);
  });

  test.each(Object.keys(promising))('the tests that %s names are there', (page) => {
    expect(testsIn(readFileSync(page, 'utf8')).filter((path) => !existsSync(path))).toEqual([]);
  });
});
