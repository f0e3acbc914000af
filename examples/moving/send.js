/**
 * `node send.js FOLDER URL [KEY]`: posts what a converter has written. It may be run again: people are patched, and a device that is there
 * is the same one. KEY has the scope `users`.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [folder, url, key] = process.argv.slice(2);
if (!url) {
  console.error('usage: node send.js FOLDER URL [KEY]');
  process.exit(2);
}
const authorization = key ? { authorization: `Bearer ${key}` } : {};
const wrong = [];

const imported = await fetch(`${url}/v1/devices/import`, {
  method: 'POST',
  headers: { ...authorization, 'content-type': 'application/x-ndjson' },
  body: createReadStream(join(folder, 'devices.ndjson')),
  duplex: 'half',
});
const lines = (await imported.text())
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
if (!imported.ok) throw new Error(`devices: ${imported.status} ${JSON.stringify(lines)}`);
const counts = lines.pop();
// Each with its line and what is wrong, without the token.
wrong.push(...lines);

let people = 0;
for await (const line of createInterface({ input: createReadStream(join(folder, 'people.ndjson')) })) {
  const { id, ...person } = JSON.parse(line);
  const path = `${url}/v1/users/${encodeURIComponent(id)}`;
  const headers = { ...authorization, 'content-type': 'application/json' };
  const send = (method) => fetch(path, { method, headers, body: JSON.stringify(person) });
  // What is known here already stays; who is not known is made.
  let answer = await send('PATCH');
  if (answer.status === 404) answer = await send('PUT');
  if (answer.ok) people++;
  else wrong.push({ user: id, code: answer.status, message: (await answer.json()).message });
}
for (const each of wrong) console.error(JSON.stringify(each));
console.log(JSON.stringify({ devices: counts, people, wrong: wrong.length }));
process.exitCode = wrong.length > 0 ? 1 : 0;
