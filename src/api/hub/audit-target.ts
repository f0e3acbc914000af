import { auditName } from '../../hub/storage/audit.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { isObject } from '../../kit/is-object.ts';
import type { HubAnswer } from './hub-answer.ts';
import type { HubRoute } from './hub-route.ts';

/** What parameters of paths are called where their own name says too little. `{id}`: what the action is about. */
const NOUNS: Readonly<Record<string, string>> = { registration_id: 'device' };

interface Audited {
  readonly app: string;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly answer: HubAnswer | undefined;
}

/** `inbox.read` is about a notification. */
function nounOf(action: string): string {
  const noun = action.split('.')[0] as string;
  return noun === 'inbox' ? 'notification' : noun;
}

/** The id of what a request without one in its path has made, or changed. */
function madeId({ status, body }: HubAnswer): string | undefined {
  if (status >= 300 || !isObject(body)) return undefined;
  const id = body.id ?? body.registration_id;
  return typeof id === 'string' ? id : undefined;
}

/**
 * What a request changed, for `log.audit`: what its path names, or the id of what it has made. People, devices and topics are
 * keyed hashes, as in the hub's own audit.
 */
export function auditTarget(
  { action = '' }: Pick<HubRoute, 'action'>,
  { app, params, answer }: Audited,
  seal: HubStore['seal'],
): string | undefined {
  const noun = nounOf(action);
  const named = Object.entries(params).map(([name, id]) => `${name === 'id' ? noun : (NOUNS[name] ?? name)}:${id}`);
  const isInPath = named.some((name) => name.startsWith(`${noun}:`));
  const made = isInPath || !answer ? undefined : madeId(answer);
  const all = made === undefined ? named : [...named, `${noun}:${made}`];
  return all.length === 0 ? undefined : all.map((name) => auditName(seal, app, name)).join(' ');
}
