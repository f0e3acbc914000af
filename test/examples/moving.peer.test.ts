import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

// On their samples, and into a relay: test/docs/hub-guides.peer.test.ts.

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'martlet-moving-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function convert(script: string, text: string) {
  const file = join(folder, 'export');
  writeFileSync(file, text);
  const { stdout } = await run(process.execPath, [`examples/moving/${script}`, file, join(folder, 'moved')]);
  const rows = (name: string) =>
    readFileSync(join(folder, 'moved', name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { told: JSON.parse(stdout) as unknown, devices: rows('devices.ndjson'), people: rows('people.ndjson') };
}

test('a CSV file may have a byte order mark, line ends of Windows, and fields with commas, quotes and line breaks', async () => {
  const { devices } = await convert(
    'from-fcm.js',
    '\uFEFFuser_id,token,name\r\nada,t-1,"Ada\'s ""big"", old\r\nphone"\r\n\r\n"bob",t-2,\r\ncleo,t-3,last',
  );
  expect(devices).toEqual([
    expect.objectContaining({ user: 'ada', token: 't-1', name: 'Ada\'s "big", old\r\nphone' }),
    expect.objectContaining({ user: 'bob', token: 't-2' }),
    expect.objectContaining({ user: 'cleo', token: 't-3', name: 'last' }),
  ]);
  expect(devices[1]).not.toHaveProperty('name');
});

test('a file that has nothing in it, or not the columns, makes no device and says so', async () => {
  expect((await convert('from-fcm.js', '')).told).toEqual({ devices: 0, people: 0, left_out: {} });
  expect((await convert('from-fcm.js', 'a,b\n1,2\n')).told).toEqual({
    devices: 0,
    people: 0,
    left_out: { 'no token': 1 },
  });
});

test('tokens and addresses are for the owner of the files alone, and an id says nothing of the token', async () => {
  const { devices } = await convert('from-fcm.js', 'user_id,token\nada,secret-token\n');
  expect(devices[0]?.id).toMatch(/^moved-[0-9a-f]{24}$/);
  for (const name of ['devices.ndjson', 'people.ndjson'])
    expect(statSync(join(folder, 'moved', name)).mode & 0o077).toBe(0);
});

test('of a person of OneSignal who has unsubscribed from mail the address moves, and no consent', async () => {
  const { people, told } = await convert(
    'from-onesignal.js',
    'id,identifier,device_type,invalid_identifier,external_user_id,notification_types\n' +
      '1,ada@example.com,11,f,ada,-2\n2,+4915112345678,14,f,ada,1\n3,x,99,f,ada,1\n',
  );
  expect(people).toEqual([
    {
      id: 'ada',
      email: 'ada@example.com',
      phone: '+4915112345678',
      consent: { sms: { granted: true, source: 'onesignal' } },
    },
  ]);
  expect(told).toMatchObject({ left_out: { 'device_type 99': 1 } });
});

test('a line of Novu may be a single subscriber, without channels', async () => {
  const { people, devices } = await convert(
    'from-novu.js',
    '{"subscriberId":"ada","firstName":"Ada"}\n\n{"subscriberId":"b","deleted":true}\n',
  );
  expect(people).toEqual([{ id: 'ada', name: 'Ada' }]);
  expect(devices).toEqual([]);
});
