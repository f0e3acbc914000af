/**
 * Reads an audience in the order of ids and in pages, so that a million people never are in memory together. Each part of it (people,
 * teams, roles, topics, devices, everyone) is read by the index that it has: one OR over all of them would look at everyone of the app.
 */
import type { HubDb } from '../../storage/storage.ts';
import type { Addressee, Audience, AudiencePage } from './audience.ts';
import * as rows from './audience-rows.ts';

/** Ids a query, well below the parameters that SQLite and PostgreSQL allow. */
const AT_ONCE = 500;

/** Ids of `to` that belong to no one: people as they are, devices as `device:<id>`. */
export async function unknownOf(db: HubDb, app: string, to: Audience): Promise<string[]> {
  const users = await known(to.users, (ids) => rows.knownPeople(db, { app, ids }));
  const devices = await known(to.devices, (ids) => rows.knownDevices(db, { app, ids }));
  return [
    ...to.users.filter((id) => !users.has(id)),
    ...to.devices.filter((id) => !devices.has(id)).map((id) => `device:${id}`),
  ];
}

async function known(
  ids: readonly string[],
  find: (some: string[]) => Promise<{ id: string }[]>,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += AT_ONCE)
    for (const { id } of await find(ids.slice(at, at + AT_ONCE))) found.add(id);
  return found;
}

/** Texts as both engines sort them: by their bytes. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

interface PageAsked {
  readonly app: string;
  readonly after: string;
  readonly limit: number;
}

/** What one part of an audience has for a page. */
interface Part {
  /** In the order of their ids. */
  readonly users: readonly string[];
  /** They are meant by all channels, and not by single devices. */
  readonly isWhole: boolean;
  /** The id up to which the part was read; absent: there is no more of it. */
  readonly upTo?: string;
}

type FindNamed = (db: HubDb, asked: PageAsked & { readonly ids: readonly string[] }) => Promise<{ id: string }[]>;

async function readPart(finding: Promise<{ id: string }[]>, limit: number, isWhole = true): Promise<Part> {
  const users = (await finding).map(({ id }) => id);
  const last = users.at(-1);
  return { users, isWhole, ...(users.length === limit && last !== undefined ? { upTo: last } : {}) };
}

/** People by their ids: those that there are of the next ones. */
async function readNamed(db: HubDb, ids: readonly string[], { app, after, limit }: PageAsked): Promise<Part> {
  const left = ids.length === 1 && after === '' ? ids : ids.filter((id) => byBytes(id, after) > 0).toSorted(byBytes);
  const asked = left.slice(0, limit);
  const there = await known(asked, (some) => rows.knownPeople(db, { app, ids: some }));
  const last = asked.at(-1);
  const users = asked.filter((id) => there.has(id));
  return { users, isWhole: true, ...(left.length > limit && last !== undefined ? { upTo: last } : {}) };
}

/** The parts that `to` has. */
async function readParts(db: HubDb, to: Audience, asked: PageAsked): Promise<Part[]> {
  const { app, after, limit } = asked;
  if (to.everyone) return [await readPart(rows.everyoneAfter(db, { app, after, limit }), limit)];
  const parts: Part[] = [];
  const read = async (ids: readonly string[], find: FindNamed, isWhole = true): Promise<void> => {
    if (ids.length > 0) parts.push(await readPart(find(db, { ...asked, ids }), limit, isWhole));
  };
  if (to.users.length > 0) parts.push(await readNamed(db, [...new Set(to.users)], asked));
  await read(to.teams, rows.ofTeams);
  await read(to.roles, rows.ofRoles);
  await read(to.topics, rows.ofTopics);
  await read(to.topics, rows.ofDeviceTopics, false);
  await read(to.devices, rows.ofDevices, false);
  return parts;
}

/** People of the page after `after`, by all channels or by single devices. */
export async function audiencePage(
  db: HubDb,
  app: string,
  to: Audience,
  after: string,
  limit: number,
): Promise<AudiencePage> {
  const { users, next } = merged(await readParts(db, to, { app, after, limit }), limit);
  const except = new Set(to.except);
  const some = users.filter(({ user }) => !except.has(user));
  const single = some.filter(({ isWhole }) => !isWhole).map(({ user }) => user);
  const only = single.length > 0 ? await devicesOf(db, app, to, single) : undefined;
  const people = some.map(
    ({ user, isWhole }): Addressee => (isWhole ? { user } : { user, only: only?.get(user) ?? [] }),
  );
  return next === undefined ? { people } : { people, next };
}

interface PersonOfPart {
  readonly user: string;
  readonly isWhole: boolean;
}

/** The first of all parts together, as far as each of them was read. */
function merged(
  parts: readonly Part[],
  limit: number,
): { readonly users: readonly PersonOfPart[]; readonly next?: string } {
  const [one] = parts;
  if (one && parts.length === 1) {
    const users = one.users.map((user) => ({ user, isWhole: one.isWhole }));
    return one.upTo === undefined ? { users } : { users, next: one.upTo };
  }
  const isWhole = new Map<string, boolean>();
  for (const part of parts)
    for (const user of part.users) isWhole.set(user, part.isWhole || isWhole.get(user) === true);
  const [end] = parts.flatMap(({ upTo }) => upTo ?? []).toSorted(byBytes);
  const read = [...isWhole.keys()].filter((user) => end === undefined || byBytes(user, end) <= 0).sort(byBytes);
  const some = read.slice(0, limit);
  const next = read.length > limit ? some.at(-1) : end;
  const users = some.map((user) => ({ user, isWhole: isWhole.get(user) === true }));
  return next === undefined ? { users } : { users, next };
}

async function devicesOf(
  db: HubDb,
  app: string,
  to: Audience,
  users: readonly string[],
): Promise<Map<string, string[]>> {
  const devices = new Map<string, string[]>();
  for (const { user, device } of await rows.namedDevices(db, app, to, users))
    devices.set(user, [...(devices.get(user) ?? []), device]);
  return devices;
}
