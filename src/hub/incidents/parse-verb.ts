import { nameOf, type Reader, readBody, setOf, shape, textOf, wordOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { type RecipientsDoc, recipients } from '../notifications/recipients-doc.ts';
import { type Channel, channels } from '../words/channel.ts';
import { type Priority, priority } from '../words/priority.ts';
import { type SaidWith, saidFields } from './parse-incident.ts';

/** What an escalation by hand asks for. */
export interface EscalateOrder extends SaidWith {
  /** Absent: those of the next step, or the incident's own people. */
  readonly to?: RecipientsDoc;
  readonly channels?: readonly Channel[];
  readonly priority?: Priority;
  readonly message?: string;
}

export const escalateFields = {
  to: recipients,
  channels: setOf(wordOf(channels), channels.length * 2),
  priority,
  message: textOf(2000),
};

const verb: Reader<SaidWith> = shape(saidFields) as Reader<SaidWith>;
const escalate: Reader<EscalateOrder> = shape({ ...saidFields, ...escalateFields }) as Reader<EscalateOrder>;

/** The body of `acknowledge` and `resolve`, which may be left out. */
export const parseVerb = (json: unknown = {}): SaidWith | readonly FaultyField[] => readBody(verb, json);

/** That of `escalate`. */
export const parseEscalate = (json: unknown = {}): EscalateOrder | readonly FaultyField[] => readBody(escalate, json);

/** The longest id of an event. */
export const eventId = nameOf(256);
