import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { ConfigError, toError } from '../../kit/errors.ts';
import { oneLine } from '../../observe/log/text-line.ts';
import { counted } from '../explain/line-parts.ts';
import { openLinesOut } from '../json-lines-out.ts';
import { listRows } from '../relay/list-pages.ts';
import { importResult } from './import-lines.ts';
import type { PeopleCommandOptions } from './people-command-options.ts';
import { type DeviceAnswer, deviceLine } from './person-lines.ts';

export type DevicesTask =
  | { readonly do: 'list'; readonly user: string }
  | { readonly do: 'show'; readonly id: string }
  /** `-`: stdin. */
  | { readonly do: 'import'; readonly file: string }
  /** Undefined: stdout. */
  | { readonly do: 'export'; readonly file: string | undefined; readonly withTokens: boolean };

/** The devices of an app from its store, with their tokens. */
export type StoredDevices = (app: string) => AsyncIterable<readonly object[]>;

const DEVICES = '/v1/devices';
/** A person has fewer. */
const MOST = 10_000;
const STDIN = 0;

async function list(user: string, { app, json, api, say, note }: PeopleCommandOptions): Promise<boolean> {
  const path = `/v1/users/${encodeURIComponent(user)}/devices`;
  let count = 0;
  for await (const device of listRows<DeviceAnswer>(api, path, 'devices', { query: { app }, most: MOST })) {
    count++;
    say(json ? JSON.stringify(device) : oneLine(deviceLine(device)));
  }
  note(counted(count, 'device'));
  return count > 0;
}

async function show(id: string, { app, json, api, say }: PeopleCommandOptions): Promise<boolean> {
  const device = await api.json<DeviceAnswer>(`${DEVICES}/${encodeURIComponent(id)}`, { app });
  if (json) say(JSON.stringify(device, null, 2));
  else {
    const { user, users = user === null ? [] : [user], ...facts } = device as DeviceAnswer & Record<string, unknown>;
    say(oneLine(deviceLine(device)));
    say(oneLine(`  of ${(users as string[]).join(', ') || 'no one: it is signed out'}`));
    for (const [name, value] of Object.entries(facts)) if (name !== 'id') say(oneLine(`  ${name}: ${text(value)}`));
  }
  return true;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** @throws ConfigError for a file that cannot be read */
async function opened(file: string): Promise<Readable> {
  if (file === '-') return createReadStream('', { fd: STDIN });
  const rows = createReadStream(file);
  await once(rows, 'open').catch((error) => {
    throw new ConfigError('', `${file} cannot be read: ${toError(error).message}`, { cause: error });
  });
  return rows;
}

async function importFile(file: string, { app, json, api, say, note }: PeopleCommandOptions): Promise<boolean> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = await opened(file);
  const answer = await api.stream(`${DEVICES}/import`, { method: 'POST', query: { app }, body, headers });
  const totals = await importResult(answer, (line, fault) => (json ? say(JSON.stringify(fault)) : note(line)));
  const { imported, moved, rotated, failed } = totals;
  say(json ? JSON.stringify(totals) : `${imported} imported (${moved} moved, ${rotated} rotated), ${failed} failed`);
  return failed === 0;
}

async function exportOver(file: string | undefined, { app, api, stdout }: PeopleCommandOptions): Promise<boolean> {
  const answer = await api.stream(`${DEVICES}/export`, { query: { app } });
  await using out = await openLinesOut(file, stdout);
  for await (const chunk of answer as AsyncIterable<Buffer>) if (!(await out.write(chunk))) return false;
  return true;
}

/** Moves house: a token of a dead device is of no use to anyone. */
export async function exportStored(
  file: string | undefined,
  pieces: AsyncIterable<readonly object[]>,
  { stdout, note }: Pick<PeopleCommandOptions, 'stdout' | 'note'>,
): Promise<boolean> {
  await using out = await openLinesOut(file, stdout);
  let [written, dead] = [0, 0];
  for await (const devices of pieces) {
    const alive = (devices as readonly DeviceAnswer[]).filter(({ status }) => status !== 'invalid');
    dead += devices.length - alive.length;
    written += alive.length;
    if (!(await out.write(alive.map((device) => `${JSON.stringify(device)}\n`).join('')))) return false;
  }
  note(`${counted(written, 'device')} with their tokens${dead > 0 ? `; ${dead} dead ones were left out` : ''}`);
  return true;
}

/** `martlet devices …`, as far as the running relay is asked. @returns false when nothing was found, or not all was taken */
export function devicesCommand(task: DevicesTask, options: PeopleCommandOptions): Promise<boolean> {
  switch (task.do) {
    case 'list':
      return list(task.user, options);
    case 'show':
      return show(task.id, options);
    case 'import':
      return importFile(task.file, options);
    default:
      return exportOver(task.file, options);
  }
}
