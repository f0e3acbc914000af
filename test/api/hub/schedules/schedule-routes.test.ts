import { describe, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { startSeedRelay } from '../seed-relay.ts';

const weekdays = {
  cron: '0 9 * * 1-5',
  timezone: 'Europe/Berlin',
  notification: { title: 'Up', to: { users: ['ada'] } },
};

describe('/v1/schedules', () => {
  test('are made with 201, changed with 200, patched, listed by id, and gone with 204', async () => {
    const relay = await startSeedRelay();
    const made = await relay.ask('PUT /v1/schedules/up', 'boss', weekdays);
    expect(made).toMatchObject({
      status: 201,
      body: { id: 'up', cron: '0 9 * * 1-5', enabled: true, catch_up: 'latest' },
    });
    expect(made.body.next).toHaveLength(5);
    expect((await relay.ask('PUT /v1/schedules/up', 'boss', weekdays)).status).toBe(200);
    expect((await relay.ask('GET /v1/schedules/up', 'reader')).body).toEqual(made.body);
    const paused = await relay.ask('PATCH /v1/schedules/up', 'boss', { enabled: false });
    expect(paused).toMatchObject({ status: 200, body: { enabled: false } });
    expect(paused.body.next_at).toBeUndefined();
    const headers = { 'x-api-key': 'boss', 'if-match': '"1"' };
    expect((await fetch(`${relay.url}/v1/schedules/up`, { method: 'DELETE', headers })).status).toBe(412);
    expect((await relay.ask('PATCH /v1/schedules/none', 'boss', {})).status).toBe(404);
    for (const id of ['b', 'a']) await relay.ask(`PUT /v1/schedules/${id}`, 'boss', weekdays);
    const first = (await relay.ask('GET /v1/schedules?limit=2', 'boss')).body;
    expect(first.schedules.map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
    expect((await relay.ask(`GET /v1/schedules?cursor=${first.next_cursor}`, 'boss')).body.schedules).toHaveLength(1);
    for (let i = 0; i < 2; i++) expect((await relay.ask('DELETE /v1/schedules/up', 'boss')).status).toBe(204);
    expect((await relay.ask('GET /v1/schedules/up', 'boss')).status).toBe(404);
    const wrong = await relay.ask('PUT /v1/schedules/x', 'boss', { cron: 'often', notification: { to: {} } });
    expect(wrong.status).toBe(422);
    expect(wrong.body.details.map(({ path }: { path: string }) => path)).toContain('cron');
  });

  test('are for keys with push and read, of their own app', async () => {
    const relay = await startSeedRelay({ apps: { acme: {}, globex: {} } });
    const ada = await relay.tokenOf('ada');
    for (const [line, key] of [
      ['PUT /v1/schedules/x', 'reader'],
      ['PUT /v1/schedules/x', ada],
      ['GET /v1/schedules/x', ada],
      ['POST /v1/schedules/x/run', ada],
      ['POST /v1/schedules/x/run', 'reader'],
    ] as const)
      expect((await relay.ask(line, key, line.startsWith('PUT') ? weekdays : undefined)).status).toBe(403);
    await relay.ask('PUT /v1/schedules/x', 'acme', weekdays);
    expect((await relay.ask('GET /v1/schedules/x', 'globex')).status).toBe(404);
    expect((await relay.ask('POST /v1/schedules/x/run', 'globex')).status).toBe(404);
  });

  test('run by themselves, and by hand once for each Idempotency-Key', async () => {
    const relay = await startSeedRelay();
    await relay.tokenOf('ada');
    await relay.ask('PUT /v1/schedules/soon', 'boss', { ...weekdays, cron: undefined, every: '1s' });
    await eventually(async () => {
      const { body } = await relay.ask('GET /v1/schedules/soon', 'boss');
      expect(body.last_notification).toBeDefined();
      const sent = await relay.ask(`GET /v1/notifications/${body.last_notification}`, 'boss');
      expect(sent.body).toMatchObject({ title: 'Up', data: { schedule_id: 'soon' } });
    });
    await relay.ask('PATCH /v1/schedules/soon', 'boss', { enabled: false });
    const run = async () => {
      const headers = { 'x-api-key': 'boss', 'idempotency-key': 'k1' };
      const answer = await fetch(`${relay.url}/v1/schedules/soon/run`, { method: 'POST', headers });
      return { status: answer.status, body: (await answer.json()) as { id: string } };
    };
    const first = await run();
    expect(first).toMatchObject({ status: 202, body: { recipients: { total: 1 } } });
    expect(await run()).toEqual(first);
    expect((await relay.ask('GET /metrics', 'boss')).text).toMatch(
      /martlet_hub_schedule_times_total\{app="default",outcome="sent"\} [1-9]/,
    );
  });
});
