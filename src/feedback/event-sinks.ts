/**
 * Sinks: hooks that get the events of people's streams, as other hooks get failed pushes. Each has its own queue among those of the
 * hooks (hook.ts), under a name that no app can have.
 */
import { hash } from 'node:crypto';
import type { WakeUp } from '../streams/router/stream-router.ts';
import type { FeedbackHook } from './hook.ts';
import { type HookTarget, hookTimeoutMs } from './hook-target.ts';

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

/** Names of apps have no slash. */
const PREFIX = 'sink/';
const ID_LENGTH = 27;

/** The targets of the sinks, by the names of their queues. */
export function sinkTargets(sinks: Readonly<Record<string, SinkSettings>>): ReadonlyMap<string, HookTarget> {
  return new Map(
    Object.entries(sinks).map(([name, { url, secret, headers, format, timeout, allow_private: allowPrivate }]) => [
      PREFIX + name,
      { url, headers, format, timeoutMs: hookTimeoutMs(timeout), secrets: secret, allowPrivate },
    ]),
  );
}

interface SinkEvent {
  readonly app: string;
  readonly id: string;
  readonly type: string;
  readonly user_id: string;
  readonly payload: unknown;
  readonly timestamp: string;
}

/** The same whenever this event is handed over, so that its receiver knows one that comes again. */
const callId = ({ app, user_id, id }: SinkEvent): string =>
  `msg_${hash('sha256', JSON.stringify([app, user_id, id]), 'base64url').slice(0, ID_LENGTH)}`;

/** @param personOf app and person of the name that streams know a person by */
export function eventSinks(
  sinks: Readonly<Record<string, SinkSettings>>,
  hook: Pick<FeedbackHook, 'tell'>,
  personOf: (key: string) => { readonly app: string; readonly user: string },
): (saved: readonly WakeUp[]) => void {
  const all = Object.entries(sinks).map(([name, { types }]) => ({ name: PREFIX + name, types: new Set(types) }));
  return (saved) => {
    for (const { user: key, event } of saved) {
      if (!event) continue;
      const wanting = all.filter(({ types }) => types.size === 0 || types.has(event.type));
      if (wanting.length === 0) continue;
      const { app, user } = personOf(key);
      const { id, type, payload, timestamp } = event;
      const body: SinkEvent = { app, id, type, user_id: user, payload: JSON.parse(payload) as unknown, timestamp };
      for (const { name } of wanting) hook.tell(name, callId(body), body);
    }
  };
}
