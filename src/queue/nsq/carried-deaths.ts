/**
 * NSQ keeps nothing beside a message and counts attempts only, whatever ended them. So a message that instances died with is replaced by a
 * copy that says how many, in front of everything else, where it can be read and changed without reading the message.
 */
import { HELD_FROM } from '../file/deaths.ts';
import type { NsqMessage } from './nsq-frames.ts';

const HEAD = '{"martlet_deaths":';
const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;
const LONGEST = HEAD.length + 8;

/** 0: it says nothing. */
function carried(body: Uint8Array): number {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(LONGEST, body.length)).toString('latin1');
  return head.startsWith(HEAD) ? Number.parseInt(head.slice(HEAD.length), 10) || 0 : 0;
}

/** The message as it says so; as it is, when it is no JSON object. */
export function carrying(body: Uint8Array, deaths: number): Uint8Array {
  if (deaths < HELD_FROM || body[0] !== OPEN_BRACE) return body;
  const rest = body.subarray(carried(body) > 0 ? body.indexOf(COMMA) + 1 : 1);
  return Buffer.concat([Buffer.from(`${HEAD}${deaths},`), rest]);
}

/** Instances that died with it: of a copy each attempt before this one, else two at most, for a lost connection is an attempt as well. */
export function deathsIn({ attempts, body }: NsqMessage): number {
  const before = carried(body);
  return before > 0 ? before + attempts - 1 : Math.min(attempts - 1, HELD_FROM);
}

/** Whether it has to be replaced by a copy before anything is tried with it. */
export const isUncounted = (message: NsqMessage): boolean =>
  message.attempts > HELD_FROM && message.body[0] === OPEN_BRACE && carried(message.body) === 0;
