import { oneLine } from '../../observe/log/text-line.ts';
import { counted } from '../explain/line-parts.ts';
import { openLinesOut } from '../json-lines-out.ts';
import { listRows } from '../relay/list-pages.ts';
import type { PeopleCommandOptions } from './people-command-options.ts';
import {
  type DeviceAnswer,
  type InboxAnswer,
  type PersonAnswer,
  personLine,
  type WholePerson,
  wholePersonLines,
} from './person-lines.ts';

export type UsersTask =
  | {
      readonly do: 'list';
      readonly team: string | undefined;
      readonly role: string | undefined;
      /** Part of id, name, mail address or telephone number. */
      readonly text: string | undefined;
      readonly most: number;
    }
  | { readonly do: 'show' | 'export' | 'erase'; readonly id: string };

const USERS = '/v1/users';
/** Newest notifications of the inbox that `show` prints. */
const INBOX_HEAD = 5;

const pathOf = (id: string): string => `${USERS}/${encodeURIComponent(id)}`;
const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

async function list(
  { team, role, text: q, most }: Extract<UsersTask, { do: 'list' }>,
  { app, json, api, say, note }: PeopleCommandOptions,
): Promise<boolean> {
  const rows = listRows<PersonAnswer>(api, USERS, 'users', { query: { app, team, role, q }, most });
  let shown = 0;
  for (let next = await rows.next(); ; next = await rows.next()) {
    if (next.done) {
      note(`${counted(shown, 'person', 'people')}${next.value ? '; there are more: --limit' : ''}`);
      return shown > 0 || q === undefined;
    }
    shown++;
    say(json ? JSON.stringify(next.value) : oneLine(personLine(next.value)));
  }
}

async function show(id: string, { app, json, api, say }: PeopleCommandOptions): Promise<boolean> {
  const path = pathOf(id);
  // One after another: the first says whether there is such a person.
  const user = await api.json<PersonAnswer>(path, { app });
  const { devices } = await api.json<{ devices: DeviceAnswer[] }>(`${path}/devices`, { app });
  const settings = await api.json<Record<string, unknown>>(`${path}/settings`, { app });
  const inbox = await api.json<InboxAnswer>(`${path}/notifications`, { app, limit: INBOX_HEAD });
  const whole: WholePerson = { user, devices, settings, inbox };
  if (json) say(pretty(whole));
  else for (const line of wholePersonLines(whole)) say(oneLine(line));
  return true;
}

async function erase(id: string, { app, json, api, say }: PeopleCommandOptions): Promise<boolean> {
  const { erased } = await api.json<{ erased: Readonly<Record<string, number>> }>(pathOf(id), { app }, 'DELETE');
  const kinds = Object.entries(erased).filter(([, count]) => count > 0);
  if (json) say(pretty({ erased }));
  else if (kinds.length === 0) say('nothing of this person was there');
  else say(`erased: ${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  return kinds.length > 0;
}

/** It may be long: as it comes. */
async function exportAll(id: string, { app, api, stdout }: PeopleCommandOptions): Promise<boolean> {
  const answer = await api.stream(`${pathOf(id)}/export`, { query: { app } });
  await using out = await openLinesOut(undefined, stdout);
  for await (const chunk of answer as AsyncIterable<Buffer>) if (!(await out.write(chunk))) return false;
  return out.write('\n');
}

/** `martlet users …`: asks the running relay. @returns false when nothing was found. @throws RelayRefusal */
export async function usersCommand(task: UsersTask, options: PeopleCommandOptions): Promise<boolean> {
  if (task.do === 'list') return list(task, options);
  if (task.do === 'show') return show(task.id, options);
  if (task.do === 'erase') return erase(task.id, options);
  return exportAll(task.id, options);
}
