import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { startPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';
import { apnsToken, openSeedRelay, type SeedRelay } from './seed-relay.ts';

/** What globex says of everything that is its own: in no answer to acme. */
const CANARY = 'canary';
const FAR = new Date(Date.now() + 30 * 86_400_000).toISOString();

const pools = {
  user: ['ada', 'bob'],
  device: ['d1', 'd2'],
  topic: ['team'],
  notification: ['n1', 'n2', 'n3'],
  incident: ['i1'],
  escalation: ['e1'],
  task: ['k1'],
  schedule: ['s1'],
} as const;
type Noun = keyof typeof pools;
type Ids = Readonly<Record<Noun, string>>;

interface Operation {
  /** Ids of nouns in braces. */
  readonly line: string;
  readonly body?: (ids: Ids, say: string) => unknown;
}

const tokenOf = ({ device }: Pick<Ids, 'device'>): string => apnsToken(Number(device.slice(1)));
const phone = (ids: Ids, say: string) => ({ platform: 'ios', token: tokenOf(ids), user: ids.user, name: say });
const notice = (to: object, say: string) => ({ to, title: say, message: say, channels: ['push', 'realtime'] });

/** What an app does with its people and all that it sends to them. */
const changes: readonly Operation[] = [
  {
    line: 'PUT /v1/users/{user}',
    body: (_, say) => ({ name: say, teams: ['ops'], roles: ['on-call'], data: { say } }),
  },
  { line: 'PATCH /v1/users/{user}', body: (_, say) => ({ locale: 'de', data: { say } }) },
  { line: 'PUT /v1/devices/{device}', body: phone },
  { line: 'PATCH /v1/devices/{device}', body: (_, say) => ({ name: say }) },
  { line: 'POST /v1/devices', body: phone },
  { line: 'POST /v1/devices/import', body: (ids, say) => JSON.stringify({ id: ids.device, ...phone(ids, say) }) },
  { line: 'PUT /v1/users/{user}/settings', body: () => ({ types: { '*': true }, digest: { mode: 'off' } }) },
  { line: 'PATCH /v1/users/{user}/settings', body: () => ({ locale: 'fr' }) },
  { line: 'POST /v1/users/{user}/snooze', body: () => ({ until: '7d' }) },
  { line: 'DELETE /v1/users/{user}/snooze' },
  { line: 'PUT /v1/topics/{topic}/users/{user}' },
  {
    line: 'POST /v1/notifications',
    body: ({ notification: id, user }, say) => ({ id, ...notice({ users: [user] }, say) }),
  },
  { line: 'POST /v1/notifications', body: (_, say) => ({ ...notice({ everyone: true }, say), collapse_key: 'k' }) },
  { line: 'POST /v1/notifications', body: ({ topic }, say) => notice({ topics: [topic], teams: ['ops'] }, say) },
  { line: 'POST /v1/notifications', body: ({ device }, say) => notice({ devices: [device] }, say) },
  {
    line: 'POST /v1/notifications',
    body: ({ user }, say) => ({ ...notice({ users: [user] }, say), cancel_key: 'c', send_at: FAR }),
  },
  { line: 'POST /v1/users/{user}/notifications/{notification}/seen' },
  { line: 'POST /v1/users/{user}/notifications/{notification}/read' },
  { line: 'POST /v1/users/{user}/notifications/{notification}/ack' },
  { line: 'POST /v1/users/{user}/notifications/read-all' },
  {
    line: 'POST /v1/engagements',
    body: ({ notification, user, device }) => ({ notification, user, device, event: 'opened' }),
  },
  {
    line: 'PUT /v1/escalations/{escalation}',
    body: ({ user }) => ({ steps: [{ after: '30d', to: { users: [user] } }] }),
  },
  {
    line: 'PUT /v1/incidents/{incident}',
    body: ({ user, escalation }, say) => ({ title: say, severity: 'SEV-3', assignees: [user], escalation }),
  },
  { line: 'POST /v1/incidents/{incident}/acknowledge', body: ({ user }) => ({ by: user }) },
  { line: 'POST /v1/incidents/{incident}/resolve', body: () => ({}) },
  { line: 'POST /v1/incidents/events', body: ({ incident: key }, say) => ({ action: 'trigger', key, title: say }) },
  { line: 'PUT /v1/tasks/{task}', body: ({ user }, say) => ({ title: say, users: [user], due_on: FAR.slice(0, 10) }) },
  {
    line: 'PUT /v1/schedules/{schedule}',
    body: ({ user }, say) => ({ at: FAR, notification: notice({ users: [user] }, say) }),
  },
  { line: 'POST /v1/schedules/{schedule}/run' },
  { line: 'POST /v1/users/{user}/events', body: (_, say) => ({ type: 'said', payload: { say } }) },
  { line: 'POST /v1/events', body: (_, say) => ({ everyone: true, type: 'said', payload: { say } }) },
  { line: 'POST /v1/users/{user}/stream-tickets' },
  { line: 'POST /v1/users/{user}/tokens' },
  { line: 'PUT /v1/users/{user}/presence', body: () => ({ state: 'active' }) },
];

const removals: readonly Operation[] = [
  { line: 'DELETE /v1/users/{user}/notifications/{notification}' },
  { line: 'DELETE /v1/devices/{device}' },
  { line: 'DELETE /v1/topics/{topic}/users/{user}' },
  { line: 'DELETE /v1/notifications/{notification}' },
  { line: 'DELETE /v1/notifications?cancel_key=c' },
  { line: 'DELETE /v1/incidents/{incident}' },
  { line: 'DELETE /v1/escalations/{escalation}' },
  { line: 'DELETE /v1/tasks/{task}' },
  { line: 'DELETE /v1/schedules/{schedule}' },
  { line: 'POST /v1/devices/resume-removals' },
  { line: 'DELETE /v1/users/{user}' },
];

const looks: readonly Operation[] = [
  '/v1/users',
  '/v1/users?q=canary',
  '/v1/users/{user}',
  '/v1/users/{user}/export',
  '/v1/users/{user}/devices',
  '/v1/users/{user}/settings',
  '/v1/users/{user}/notifications',
  '/v1/users/{user}/notifications/{notification}',
  '/v1/users/{user}/presence',
  '/v1/users/{user}/stream/events?after=earliest&wait=0',
  '/v1/devices/{device}',
  '/v1/devices/export',
  '/v1/devices/removals',
  '/v1/topics/{topic}',
  '/v1/notifications',
  '/v1/notifications/{notification}',
  '/v1/incidents',
  '/v1/incidents/{incident}',
  '/v1/incidents/{incident}/timeline',
  '/v1/escalations',
  '/v1/escalations/{escalation}',
  '/v1/tasks',
  '/v1/tasks/{task}',
  '/v1/schedules',
  '/v1/schedules/{schedule}',
].map((path) => ({ line: `GET ${path}` }));

const ids = fc.record(
  Object.fromEntries(Object.entries(pools).map(([noun, names]) => [noun, fc.constantFrom(...names)])) as {
    [Each in Noun]: fc.Arbitrary<string>;
  },
);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...changes) },
  { weight: 1, arbitrary: fc.constantFrom(...removals) },
  { weight: 3, arbitrary: fc.constantFrom(...looks) },
);

const firstOfEach = Object.fromEntries(Object.entries(pools).map(([noun, [first]]) => [noun, first])) as Ids;

const filled = (line: string, named: Ids): string =>
  line.replaceAll(/\{(\w+)\}/g, (_, noun: string) => named[noun as Noun]);

const engines = [
  { name: 'SQLite', lacks: [] },
  { name: 'PostgreSQL', lacks: ['psql'] },
] as const;

describe.each(engines)('people and what is theirs in two apps with the same ids, on $name', ({ name, lacks }) => {
  describe('are apart', needs(...lacks), () => {
    const closers = new AsyncDisposableStack();
    let relay: SeedRelay;

    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'martlet-tenancy-'));
      closers.defer(() => rmSync(folder, { recursive: true, force: true }));
      const server = name === 'PostgreSQL' ? await startPostgres() : undefined;
      if (server) closers.defer(() => server.end());
      const postgres = (await server?.database()) ?? '';
      const hub = { path: join(folder, 'hub.db'), postgres };
      relay = await openSeedRelay({ apps: { acme: {}, globex: {} }, hub });
      closers.defer(() => relay[Symbol.asyncDispose]());
      await until(async () => (await relay.ask('GET /v1/users', 'globex')).status === 200, 'the hub is open');
    });
    afterAll(() => closers.disposeAsync());

    const perform = async (app: string, { line, body }: Operation, named: Ids, say: string) => {
      const asked = filled(line, named);
      const sent = body?.(named, say);
      const [method, path] = asked.split(' ') as [string, string];
      const type = typeof sent === 'string' ? 'application/x-ndjson' : 'application/json';
      const response = await fetch(relay.url + path, {
        method,
        headers: { Authorization: `Bearer ${app}`, 'Content-Type': type },
        ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
      });
      return { asked, told: { status: response.status, text: await response.text() } };
    };

    /** Each once with each id, so that all of it is there. */
    async function fill(app: string, say: string): Promise<void> {
      const failed: string[] = [];
      for (const one of changes)
        for (const at of [0, 1]) {
          const named = Object.fromEntries(
            Object.entries(pools).map(([noun, names]) => [noun, names[at % names.length]]),
          ) as Ids;
          const { asked, told } = await perform(app, one, named, say);
          if (told.status >= (at === 0 ? 300 : 500)) failed.push(`${asked}: ${told.text}`);
        }
      expect(failed).toEqual([]);
    }

    const database = () => {
      const db = relay.hub?.store.db;
      if (!db) throw new Error('the hub is off');
      return db;
    };

    /** Every row of globex, in every table, and every answer that it gets. */
    async function everything(): Promise<string> {
      const db = database();
      const tables = await db.introspection.getTables();
      const rows: string[] = [];
      for (const { name: table, columns } of tables) {
        // Tickets are swept a minute after they were made.
        if (table === 'stream_tickets' || !columns.some((column) => column.name === 'app')) continue;
        const all = await sql`SELECT * FROM ${sql.table(table)} WHERE app = 'globex'`.execute(db);
        rows.push(...all.rows.map((row) => `${table} ${JSON.stringify(row)}`).toSorted());
      }
      for (const look of looks) {
        if (look.line.includes('presence')) continue;
        const { asked, told } = await perform('globex', look, firstOfEach, '');
        rows.push(`${asked} ${told.status} ${told.text}`);
      }
      return rows.join('\n');
    }

    const isQuiet = async (): Promise<boolean> => {
      const busy = await database()
        .selectFrom('decisions')
        .select('notification')
        .where('state', '=', 'pending')
        .where('batch', 'is not', null)
        .limit(1)
        .execute();
      const due = await database()
        .selectFrom('due')
        .select('id')
        .where('due_at', '<', Date.now() + 60_000)
        .execute();
      // What the figures are made of is added up in the background.
      const notes = await database()
        .selectFrom('roll_notes')
        .select('id')
        .where('app', '=', 'globex')
        .limit(1)
        .execute();
      return busy.length + due.length + notes.length === 0;
    };

    test('nothing that one does is seen by the other, or changes anything of it', async () => {
      await fill('globex', CANARY);
      await until(isQuiet, 'what globex sent is over');
      const before = await everything();
      expect(before.split(CANARY).length).toBeGreaterThan(40);
      // Each of it can be done, with the very ids that the other has.
      await fill('acme', 'acme');
      const failed: string[] = [];
      for (const one of [...looks, ...removals]) {
        const { asked, told } = await perform('acme', one, firstOfEach, 'acme');
        if (told.status >= 300) failed.push(`${asked}: ${told.text}`);
        expect(told.text, asked).not.toContain(CANARY);
      }
      expect(failed).toEqual([]);
      expect(await everything()).toBe(before);
      const story = fc.array(fc.record({ operation, ids }), { minLength: 20, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(story, async (steps) => {
          for (const { operation: one, ids: named } of steps) {
            const { asked, told } = await perform('acme', one, named, 'acme');
            expect(told.status, `${asked}: ${told.text}`).toBeLessThan(500);
            expect(told.text, asked).not.toContain(CANARY);
          }
          expect(await everything()).toBe(before);
        }),
        { numRuns: 12, seed: 20_261_130, endOnFailure: true },
      );
    });
  });
});
