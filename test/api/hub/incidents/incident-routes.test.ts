import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startSeedRelay } from '../seed-relay.ts';

const disk = { title: 'Disk full', severity: 'SEV-1', assignees: ['ada'], data: { host: 'db-3' } };

describe('/v1/incidents', () => {
  test('is made with 201, changed with 200, read with its version, and gone with 204', async () => {
    const relay = await startSeedRelay();
    await relay.tokenOf('ada');
    const made = await relay.ask('PUT /v1/incidents/INC%2F1', 'boss', disk);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      incident: { id: 'INC/1', title: 'Disk full', status: 'open', cycle: 1, assignees: ['ada'], teams: [] },
      changed: ['incident.created'],
    });
    expect((await relay.ask('PUT /v1/incidents/INC%2F1', 'boss', disk)).body).toMatchObject({
      changed: [],
      notified: 0,
    });
    const read = await fetch(`${relay.url}/v1/incidents/INC%2F1`, { headers: { 'x-api-key': 'boss' } });
    expect([read.status, read.headers.get('etag')]).toEqual([200, '"1"']);
    const known = { 'x-api-key': 'boss', 'if-none-match': '"1"' };
    expect((await fetch(`${relay.url}/v1/incidents/INC%2F1`, { headers: known })).status).toBe(304);
    const wrong = { method: 'PUT', body: JSON.stringify(disk), headers: { 'x-api-key': 'boss', 'if-match': '"7"' } };
    expect((await fetch(`${relay.url}/v1/incidents/INC%2F1`, wrong)).status).toBe(412);
    expect((await relay.ask('GET /v1/incidents?status=open', 'boss')).body.incidents).toHaveLength(1);
    for (let i = 0; i < 2; i++) expect((await relay.ask('DELETE /v1/incidents/INC%2F1', 'boss')).status).toBe(204);
    for (const line of ['GET /v1/incidents/INC%2F1', 'GET /v1/incidents/INC%2F1/timeline'])
      expect((await relay.ask(line, 'boss')).status).toBe(404);
  });

  test('is for keys with push and read, and belongs to the app of the key', async () => {
    const relay = await startSeedRelay({ apps: { acme: {}, globex: {} } });
    expect((await relay.ask('PUT /v1/incidents/i1', 'reader', disk)).status).toBe(403);
    expect((await relay.ask('PUT /v1/incidents/i1', 'acme', disk)).status).toBe(201);
    expect((await relay.ask('GET /v1/incidents/i1', 'globex')).status).toBe(404);
    expect((await relay.ask('GET /v1/incidents/i1', 'reader')).status).toBe(404);
    expect((await relay.ask('GET /v1/incidents/i1?app=acme', 'reader')).status).toBe(200);
    expect((await relay.ask('POST /v1/incidents/i1/resolve', 'globex')).body).toEqual({ changed: [], notified: 0 });
    expect((await relay.ask('GET /v1/incidents/events', 'boss')).status).toBe(405);
  });

  test('is paged, in the list and in the timeline', async () => {
    const relay = await startSeedRelay();
    for (const id of ['a', 'b', 'c']) await relay.ask(`PUT /v1/incidents/${id}`, 'boss', disk);
    const ids: string[] = [];
    let cursor = '';
    do {
      const { body } = await relay.ask(`GET /v1/incidents?limit=2${cursor}`, 'boss');
      ids.push(...body.incidents.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor ? `&cursor=${body.next_cursor}` : '';
    } while (cursor !== '');
    expect(ids.toSorted()).toEqual(['a', 'b', 'c']);
    const first = (await relay.ask('GET /v1/incidents/a/timeline?limit=1', 'boss')).body;
    expect(first.entries).toMatchObject([
      { kind: 'change', by: 'key:boss', event: 'incident.created', text: 'Opened.' },
    ]);
    const rest = await relay.ask(`GET /v1/incidents/a/timeline?cursor=${first.next_cursor}`, 'boss');
    expect(rest.body.entries.map(({ kind }: { kind: string }) => kind)).toEqual(['notification']);
    expect((await relay.ask(`GET /v1/incidents?cursor=${first.next_cursor}`, 'boss')).status).toBe(422);
  });
});

describe('verbs of /v1/incidents', () => {
  test('take a body or none, and are 200 whatever they come to', async () => {
    const relay = await startSeedRelay();
    for (const verb of ['acknowledge', 'resolve', 'escalate'])
      expect(await relay.ask(`POST /v1/incidents/nope/${verb}`, 'boss')).toMatchObject({
        status: 200,
        body: { changed: [], notified: 0 },
      });
    await relay.ask('PUT /v1/incidents/i1', 'boss', disk);
    const acked = await relay.ask('POST /v1/incidents/i1/acknowledge', 'boss', { by: 'ada' });
    expect(acked.body).toMatchObject({
      changed: ['incident.acknowledged'],
      incident: { status: 'acknowledged', acknowledged: { by: 'ada' } },
    });
    expect((await relay.ask('POST /v1/incidents/i1/resolve', 'boss', { bye: 1 })).status).toBe(422);
  });

  test('with the token of a person show nothing of others', async () => {
    const relay = await startSeedRelay();
    const ada = await relay.tokenOf('ada');
    const bob = await relay.tokenOf('bob');
    await relay.ask('PUT /v1/incidents/i1', 'boss', { ...disk, responders: ['cyd'] });
    expect((await relay.ask('POST /v1/incidents/i1/acknowledge', bob)).status).toBe(404);
    expect((await relay.ask('GET /v1/incidents/i1', ada)).status).toBe(403);
    expect((await relay.ask('PUT /v1/incidents/i1', ada, disk)).status).toBe(403);
    expect((await relay.ask('POST /v1/incidents/events', ada, { action: 'trigger' })).status).toBe(403);
    const acked = await relay.ask('POST /v1/incidents/i1/acknowledge', ada);
    expect(acked.body.incident.acknowledged.by).toBe('ada');
    expect(acked.text).not.toMatch(/cyd|db-3|assignees/);
    expect((await relay.ask('POST /v1/incidents/i1/escalate', ada, { to: { everyone: true } })).status).toBe(403);
  });

  test('with an Idempotency-Key are done once', async () => {
    const relay = await startSeedRelay();
    await relay.ask('PUT /v1/incidents/i1', 'boss', disk);
    const again = async () => {
      const headers = { 'x-api-key': 'boss', 'idempotency-key': 'k1' };
      const answer = await fetch(`${relay.url}/v1/incidents/i1/escalate`, { method: 'POST', headers });
      return [answer.headers.get('idempotency-replayed'), ((await answer.json()) as { changed: string[] }).changed];
    };
    expect(await again()).toEqual([null, ['incident.escalated']]);
    expect(await again()).toEqual(['true', ['incident.escalated']]);
    const { body } = await relay.ask('GET /v1/incidents/i1/timeline', 'boss');
    expect(body.entries.filter(({ kind }: { kind: string }) => kind === 'escalation')).toHaveLength(1);
  });

  test("answer PagerDuty's events in its words", async () => {
    const relay = await startSeedRelay();
    const event = { routing_key: 'r', event_action: 'trigger', dedup_key: 'k', payload: { summary: 'x', source: 's' } };
    expect((await relay.ask('POST /v1/incidents/events', 'boss', event)).body).toMatchObject({
      ...{ status: 'success', message: 'Event processed', dedup_key: 'k', changed: ['incident.created'] },
    });
    const { dedup_key: _, ...unkeyed } = event;
    const made = (await relay.ask('POST /v1/incidents/events', 'boss', unkeyed)).body;
    expect((await relay.ask(`GET /v1/incidents/${made.dedup_key}`, 'boss')).status).toBe(200);
  });

  test('notices that a back end words itself are 202, and kept for a repetition', async () => {
    const relay = await startSeedRelay();
    await relay.tokenOf('ada');
    const order = { type: 'incident.created', users: ['ada'], data: { title: 'Down', severity: 'SEV-1' } };
    const send = async () => {
      const headers = { 'x-api-key': 'boss', 'idempotency-key': createHash('sha256').update('1').digest('hex') };
      const path = `${relay.url}/v1/incidents/INC-1/notifications`;
      const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(order) });
      return { status: answer.status, body: (await answer.json()) as { id: string } };
    };
    const first = await send();
    expect(first).toMatchObject({ status: 202, body: { recipients: { total: 1 } } });
    expect(await send()).toEqual(first);
    const { body } = await relay.ask(`GET /v1/notifications/${first.body.id}`, 'boss');
    expect(body).toMatchObject({ type: 'incident.created', title: 'Down', data: { incident_id: 'INC-1' } });
  });
});
