import { describe, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { apnsToken, startSeedRelay } from '../seed-relay.ts';

const task = { title: 'Bleed the radiators', due_on: '2030-12-01', users: ['ada'], data: { house: 7 } };

describe('/v1/tasks', () => {
  test('are made with 201, changed with 200, read with their version, and gone with 204', async () => {
    const relay = await startSeedRelay();
    await relay.tokenOf('ada');
    const made = await relay.ask('PUT /v1/tasks/T%2F1', 'boss', task);
    expect(made).toMatchObject({
      status: 201,
      body: { id: 'T/1', state: 'open', due_on: '2030-12-01', users: ['ada'], changed: ['task.assigned'] },
    });
    expect(await relay.ask('PUT /v1/tasks/T%2F1', 'boss', task)).toMatchObject({
      ...{ status: 200, body: { changed: [], notified: 0 } },
    });
    const read = await fetch(`${relay.url}/v1/tasks/T%2F1`, { headers: { 'x-api-key': 'reader' } });
    expect([read.status, read.headers.get('etag')]).toEqual([200, '"1"']);
    const known = { 'x-api-key': 'boss', 'if-none-match': '"1"' };
    expect((await fetch(`${relay.url}/v1/tasks/T%2F1`, { headers: known })).status).toBe(304);
    const wrong = { method: 'PUT', body: JSON.stringify(task), headers: { 'x-api-key': 'boss', 'if-match': '"7"' } };
    expect((await fetch(`${relay.url}/v1/tasks/T%2F1`, wrong)).status).toBe(412);
    expect((await relay.ask('GET /v1/tasks?state=open&user=ada', 'boss')).body.tasks).toHaveLength(1);
    expect((await relay.ask('GET /v1/tasks?state=done', 'boss')).status).toBe(422);
    for (let i = 0; i < 2; i++) expect((await relay.ask('DELETE /v1/tasks/T%2F1', 'boss')).status).toBe(204);
    expect((await relay.ask('GET /v1/tasks/T%2F1', 'boss')).status).toBe(404);
    expect((await relay.ask('PUT /v1/tasks/t', 'boss', { due_on: 'soon', tilte: 'x' })).body.details).toHaveLength(2);
  });

  test('are for keys with push and read, of their own app, a page at a time', async () => {
    const relay = await startSeedRelay({ apps: { acme: {}, globex: {} } });
    const ada = await relay.tokenOf('ada');
    expect((await relay.ask('PUT /v1/tasks/t1', 'reader', task)).status).toBe(403);
    expect((await relay.ask('PUT /v1/tasks/t1', ada, task)).status).toBe(403);
    expect((await relay.ask('GET /v1/tasks/t1', ada)).status).toBe(403);
    for (const id of ['b', 'a', 'c']) expect((await relay.ask(`PUT /v1/tasks/${id}`, 'acme', task)).status).toBe(201);
    expect((await relay.ask('GET /v1/tasks/a', 'globex')).status).toBe(404);
    expect((await relay.ask('DELETE /v1/tasks/a', 'globex')).status).toBe(204);
    const first = (await relay.ask('GET /v1/tasks?limit=2', 'acme')).body;
    expect(first.tasks.map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
    const rest = (await relay.ask(`GET /v1/tasks?cursor=${first.next_cursor}`, 'acme')).body;
    expect(rest.tasks.map(({ id }: { id: string }) => id)).toEqual(['c']);
  });

  test('reach the phones of their people with buttons, which Android gets as text', async () => {
    const relay = await startSeedRelay();
    await relay.tokenOf('ada');
    await relay.ask('PUT /v1/devices/iphone', 'boss', { user: 'ada', platform: 'ios', token: apnsToken(1) });
    await relay.ask('PUT /v1/devices/pixel', 'boss', {
      user: 'ada',
      platform: 'android',
      token: `fcm-${'a'.repeat(140)}`,
    });
    await relay.ask('PUT /v1/tasks/t1', 'boss', task);
    await eventually(async () => {
      const { deliveries } = (await relay.ask('GET /sandbox/deliveries', 'boss')).body;
      const all = deliveries.map(({ payload }: { payload: unknown }) => JSON.stringify(payload)).join('\n');
      expect(all).toContain('"button_types":["edit","complete","cancel","mark_in_progress"]');
      expect(all).toContain(JSON.stringify('["edit","complete","cancel","mark_in_progress"]'));
      expect(all).toContain('"category":"TASK_ACTIONABLE"');
    });
    const { text } = await relay.ask('GET /metrics', 'boss');
    expect(text).toContain('martlet_hub_task_notices_total{app="default",type="task.assigned"} 1');
  });
});
