import { expect, test } from 'vitest';
import { deviceStreamRoutes } from '../../../src/api/hub/device-stream-routes.ts';
import { directory, iosToken, phone } from '../../hub/directory.ts';
import { keyOf, openHubFace, personOf } from './hub-face.ts';

const open = () => openHubFace(({ store }) => deviceStreamRoutes({ devices: directory(store).devices }));
const rowsOf = async (answer: Response): Promise<object[]> =>
  (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);

const send = (url: string, body: string, type = 'application/x-ndjson') =>
  fetch(`${url}/v1/devices/import`, { method: 'POST', headers: { 'Content-Type': type }, body });

test('an import is answered by a line for each bad row, and the totals in the last', async () => {
  const face = await open();
  const good = Array.from({ length: 1200 }, (_, at) => ({ id: `d${at}`, ...phone(at, { user: `u${at % 100}` }) }));
  const lines = [
    ...good.map((row) => JSON.stringify(row)),
    '{"id": "x", "platform": "ios", "token": "canary"}',
    'canary',
  ];
  const answer = await send(face.url, lines.join('\n'));
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'application/x-ndjson']);
  const rows = await rowsOf(answer);
  expect(rows).toEqual([
    {
      line: 1201,
      id: 'x',
      code: 422,
      message: expect.any(String),
      details: [{ path: 'token', reason: expect.any(String) }],
    },
    { line: 1202, code: 400, message: expect.any(String) },
    { imported: 1200, moved: 0, rotated: 0, failed: 2 },
  ]);
  expect(JSON.stringify(rows)).not.toContain('canary');
  const exported = await rowsOf(await fetch(`${face.url}/v1/devices/export`));
  expect(exported).toHaveLength(1200);
  expect(exported[0]).toMatchObject({ id: 'd0', user: 'u0', token_mask: `***${iosToken(0).slice(-4)}` });
  expect(JSON.stringify(exported)).not.toContain(iosToken(1));
  expect(await rowsOf(await fetch(`${face.url}/v1/devices/export?app=shop`))).toEqual([]);
});

test('another content type is refused, and nothing is taken', async () => {
  const face = await open();
  const answer = await send(face.url, JSON.stringify({ id: 'a', ...phone(1) }), 'application/json');
  expect([answer.status, await answer.json()]).toMatchObject([422, { details: [{ path: 'Content-Type' }] }]);
  expect((await face.store.db.selectFrom('devices').select('id').execute()).length).toBe(0);
});

test('both are for the scope users, and for no token of a person', async () => {
  const face = await open();
  for (const line of ['POST /v1/devices/import', 'GET /v1/devices/export']) {
    expect((await face.ask(line, { as: keyOf(['push', 'read']), body: '' })).status, line).toBe(403);
    expect((await face.ask(line, { as: personOf('ada'), body: '' })).status, line).toBe(403);
  }
});
