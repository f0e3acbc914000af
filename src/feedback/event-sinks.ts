/**
 * Sinks: hooks that get the events of people's streams, as other hooks get failed pushes. Each has its own queue among those of the
 * hooks (hook.ts), under a name that no app can have.
 */
import { hash } from 'node:crypto';
import type { SinkCount } from '../observe/metrics/hub-series.ts';
import type { WakeUp } from '../streams/router/stream-router.ts';
import type { FeedbackHook } from './hook.ts';
import { type HookTarget, hookTimeoutMs } from './hook-target.ts';
import { sinkQueue } from './sink-queue.ts';

/** `hub.sinks.<name>`. */
export interface SinkSettings {
  readonly url: string;
  readonly secret: readonly string[];
  readonly headers: readonly string[];
  readonly types: readonly string[];
  readonly format: 'standard' | 'mailbox';
  readonly timeout: number;
  readonly allow_private: boolean;
}

const ID_LENGTH = 27;

/** The targets of the sinks, by the names of their queues. */
export function sinkTargets(sinks: Readonly<Record<string, SinkSettings>>): ReadonlyMap<string, HookTarget> {
  return new Map(
    Object.entries(sinks).map(([name, { url, secret, headers, format, timeout, allow_private: allowPrivate }]) => [
      sinkQueue(name),
      { url, headers, format, timeoutMs: hookTimeoutMs(timeout), secrets: secret, allowPrivate },
    ]),
  );
}

/** Whose an event is. */
export interface SinkPerson {
  /** Absent: there is one app only. */
  readonly app?: string;
  readonly user: string;
}

/** First in the body: what waits for a sink is found by it when the person is erased. */
const personFields = ({ app, user }: SinkPerson): object => ({ user_id: user, app });

/** How a body begins that is about this person. */
export const sinkStart = (person: SinkPerson): string =>
  JSON.stringify({ ...personFields(person), end: 0 }).replace('"end":0}', '');

/** The same whenever this event is handed over, so that its receiver knows one that comes again. */
const callId = ({ app, user }: SinkPerson, event: string): string =>
  `msg_${hash('sha256', JSON.stringify([app, user, event]), 'base64url').slice(0, ID_LENGTH)}`;

/** @param personOf the person of the name that streams know them by */
export function eventSinks(
  sinks: Readonly<Record<string, Pick<SinkSettings, 'types'>>>,
  hook: Pick<FeedbackHook, 'tell'>,
  personOf: (key: string) => SinkPerson,
): (saved: readonly WakeUp[]) => void {
  const all = Object.entries(sinks).map(([name, { types }]) => ({ queue: sinkQueue(name), types: new Set(types) }));
  return (saved) => {
    for (const { user: key, event } of saved) {
      if (!event) continue;
      const wanting = all.filter(({ types }) => types.size === 0 || types.has(event.type));
      if (wanting.length === 0) continue;
      const person = personOf(key);
      const { id, type, payload, timestamp } = event;
      const body = { ...personFields(person), id, type, payload: JSON.parse(payload) as unknown, timestamp };
      for (const { queue } of wanting) hook.tell(queue, callId(person, id), body);
    }
  };
}

const NOTHING = { backlog: 0, sent: 0, failed: 0, dropped: 0 };

/** What came of the events for each sink. */
export function sinkCounts(names: readonly string[], hook: Pick<FeedbackHook, 'byApp'>): SinkCount[] {
  const byQueue = new Map(hook.byApp().map(({ app, ...stats }) => [app, stats]));
  return names.map((sink) => ({ sink, ...(byQueue.get(sinkQueue(sink)) ?? NOTHING) }));
}
