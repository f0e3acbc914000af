/** A notice that a back end words itself: `type`, `users`, and `data` that may have a title and the rest, about an incident of its own. */
import { anyObject, checked, nameOf, type Reader, readBody, setOf, shape, textOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import type { JsonObject } from '../../push/push.ts';
import type { NoticeOrder, TakenNotice } from '../notifications/notices.ts';
import type { HubDb } from '../storage/storage.ts';
import { id } from '../words/id.ts';
import { type Priority, priority } from '../words/priority.ts';
import { aboutIncident, type IncidentDoc, type IncidentEvent } from './incident.ts';
import { factsOfIncident, type Incident, loadIncident } from './incident-rows.ts';
import { actorOf, type IncidentChange, type IncidentParts } from './incident-work.ts';
import { noticeDoc } from './notices/notice-doc.ts';
import { meaningOf } from './severity-map.ts';
import { noticeEntry } from './timeline/timeline-entry.ts';
import { writeIncident } from './write-incident.ts';

export interface DirectNoticeOrder {
  readonly type: string;
  readonly users: readonly string[];
  readonly data: JsonObject;
  readonly said: NoticeWords;
  readonly by?: string;
}

/** What of the body's `data` is more than data. */
interface NoticeWords {
  readonly title?: string;
  readonly message?: string;
  readonly severity?: string;
  readonly status?: string;
  readonly service?: string;
  readonly url?: string;
  readonly priority?: Priority;
}

const words = {
  title: textOf(2000),
  message: textOf(100_000),
  severity: nameOf(64),
  status: nameOf(64),
  service: nameOf(256),
  url: nameOf(4096),
  priority,
};

const fields = { type: nameOf(128), users: setOf(id, 20_000), data: anyObject, by: nameOf(256) };

const isWord = (name: string): boolean => Object.hasOwn(words, name);
const part = (data: JsonObject, wanted: (name: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(data).filter(([name]) => wanted(name)));

const order: Reader<DirectNoticeOrder> = checked(shape(fields), ({ type, users = [], data = {}, by }, _at, faults) => {
  const all = data as JsonObject;
  const said = shape(words)(part(all, isWord), 'data', faults);
  if (type === undefined) faults.push({ path: 'type', reason: 'is missing' });
  if (users.length === 0) faults.push({ path: 'users', reason: 'names no one' });
  if (type === undefined || !said) return undefined;
  return { type, users, said, data: part(all, (name) => !isWord(name)), ...(by === undefined ? {} : { by }) };
});

/** The body of `POST …/notifications`, or everything that is wrong with it. */
export const parseDirectNotice = (json: unknown): DirectNoticeOrder | readonly FaultyField[] => readBody(order, json);

/** Takes it. @param keep done in the same transaction */
export async function directNotice(
  parts: IncidentParts,
  change: IncidentChange,
  asked: DirectNoticeOrder,
  keep: (tx: HubDb, taken: TakenNotice) => Promise<void>,
): Promise<TakenNotice> {
  const { store, notices } = parts;
  const presences = await notices.presence(change.app, asked.users);
  const taken = await store.write(async (tx) => {
    const before = await loadIncident(tx, store.seal, change.app, change.id);
    const notice = await notices.take(tx, orderOf(parts, change, asked, before), presences);
    if (before) await noteIt(tx, parts, change, { before, asked, notice });
    await keep(tx, notice);
    return notice;
  });
  taken.deliver();
  return taken;
}

function orderOf(
  { policyOf }: IncidentParts,
  { app, id }: IncidentChange,
  { type, users, data, said }: DirectNoticeOrder,
  before: Incident | undefined,
): NoticeOrder {
  const facts = before && factsOfIncident(before);
  const { message, status, priority: own, ...over } = said;
  const incident: IncidentDoc = { ...facts?.doc, ...over };
  const usual = meaningOf(policyOf(app), incident.severity, type as IncidentEvent);
  const meaning = own ? { ...usual, priority: own } : usual;
  const doc = noticeDoc({
    ...{ incident: id, doc: incident, status: status ?? facts?.status.word, event: type, to: { users }, meaning, data },
    message: message ?? facts?.doc.summary ?? '',
  });
  return { app, doc, about: aboutIncident(id), sound: meaning.sound === '' ? undefined : meaning.sound };
}

interface Noting {
  readonly before: Incident;
  readonly asked: DirectNoticeOrder;
  readonly notice: TakenNotice;
}

/** In the timeline; the incident itself stays in its version. */
async function noteIt(
  tx: HubDb,
  { store, now }: IncidentParts,
  change: IncidentChange,
  { before, asked, notice }: Noting,
): Promise<void> {
  const actor = actorOf(change, asked.by);
  const line = { ...noticeEntry(asked.type, notice), by: actor.name };
  await writeIncident(tx, store, { incident: before, lines: [line], actor, now: now() });
}
