import type { IncidentDoc, IncidentField } from '../incident.ts';
import { type Incident, lastSaidAt } from '../incident-rows.ts';
import { NO_MARKS, type StatusMark, withMark } from './status-log.ts';
import { withFields } from './timed-fields.ts';

/** Something that is said of an incident. */
export interface Said {
  readonly doc: IncidentDoc;
  /** The fields that something is said of. */
  readonly names: readonly IncidentField[];
  readonly mark: Pick<StatusMark, 'kind' | 'word'>;
  readonly by: string;
  /** UNIX milliseconds; absent: now, which is later than all that was said before. */
  readonly at: number | undefined;
}

/** What it comes to, whatever the order in which things are said; nothing of it is an event yet. */
export function afterSaid(
  before: Incident | undefined,
  { doc, names, mark, by, at: given }: Said,
  now: number,
): Pick<Incident, 'fields' | 'log'> {
  const at = given ?? (before ? Math.max(now, lastSaidAt(before) + 1) : now);
  return {
    fields: withFields(before?.fields ?? {}, doc, names, at),
    log: withMark(before?.log ?? NO_MARKS, { ...mark, at, by }),
  };
}
