import { describe, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { startSeedRelay } from '../seed-relay.ts';

const onCall = { steps: [{ after: '5m', to: { users: ['ada'] } }, { after: 600 }], repeat: 1 };

describe('/v1/escalations', () => {
  test('are made with 201, changed with 200, listed by name, and gone with 204', async () => {
    const relay = await startSeedRelay();
    const made = await relay.ask('PUT /v1/escalations/on-call', 'boss', onCall);
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'on-call', steps: [{ after: 300, to: { users: ['ada'] } }, { after: 600 }], repeat: 1, backoff: 1 },
    });
    expect((await relay.ask('PUT /v1/escalations/on-call', 'boss', onCall)).status).toBe(200);
    expect((await relay.ask('GET /v1/escalations/on-call', 'reader')).body).toEqual(made.body);
    const headers = { 'x-api-key': 'boss', 'if-match': '"2"' };
    const stale = await fetch(`${relay.url}/v1/escalations/on-call`, { method: 'DELETE', headers });
    expect(stale.status).toBe(412);
    for (const name of ['b', 'a']) await relay.ask(`PUT /v1/escalations/${name}`, 'boss', onCall);
    const first = (await relay.ask('GET /v1/escalations?limit=2', 'boss')).body;
    expect(first.escalations.map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
    const rest = await relay.ask(`GET /v1/escalations?cursor=${first.next_cursor}`, 'boss');
    expect(rest.body.escalations).toHaveLength(1);
    for (let i = 0; i < 2; i++) expect((await relay.ask('DELETE /v1/escalations/on-call', 'boss')).status).toBe(204);
    expect((await relay.ask('GET /v1/escalations/on-call', 'boss')).status).toBe(404);
  });

  test('are for keys, of their own app', async () => {
    const relay = await startSeedRelay({ apps: { acme: {}, globex: {} } });
    const ada = await relay.tokenOf('ada');
    for (const [line, key] of [
      ['PUT /v1/escalations/x', 'reader'],
      ['PUT /v1/escalations/x', ada],
      ['GET /v1/escalations/x', ada],
    ] as const)
      expect((await relay.ask(line, key, line.startsWith('PUT') ? onCall : undefined)).status).toBe(403);
    await relay.ask('PUT /v1/escalations/x', 'acme', onCall);
    expect((await relay.ask('GET /v1/escalations/x', 'globex')).status).toBe(404);
    const wrong = await relay.ask('PUT /v1/escalations/x', 'acme', { ...onCall, repeat: 10 });
    expect(wrong).toMatchObject({ status: 422, body: { details: [{ path: 'repeat' }] } });
  });

  test('call by themselves once they are due, until someone acknowledges', async () => {
    const relay = await startSeedRelay();
    const ada = await relay.tokenOf('ada');
    await relay.ask('PUT /v1/escalations/now', 'boss', { steps: [{ to: { users: ['ada'] } }, { after: '1h' }] });
    await relay.ask('PUT /v1/incidents/i1', 'boss', { title: 'x', escalation: 'now' });
    const escalated = async () => (await relay.ask('GET /v1/incidents/i1', 'boss')).body.escalated;
    await eventually(async () => expect((await escalated()).steps).toBe(1));
    expect((await relay.ask('GET /v1/incidents/i1', 'boss')).body.escalated.next_at).toBeDefined();
    expect((await relay.ask('POST /v1/incidents/i1/acknowledge', ada)).body.changed).toEqual(['incident.acknowledged']);
    expect(await escalated()).toEqual({ escalation: 'now', steps: 1 });
  });
});
