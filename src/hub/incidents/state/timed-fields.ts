import type { Json } from '../../../push/push.ts';
import type { IncidentDoc, IncidentField } from '../incident.ts';

/** What was said of a field last. */
interface TimedField {
  /** UNIX milliseconds. */
  readonly at: number;
  /** Absent: it was said that there is none. */
  readonly value?: Json;
}

/** Each field of an incident with its time: the later one counts, whatever the order in which they come. */
export type TimedFields = Readonly<Partial<Record<IncidentField, TimedField>>>;

export const incidentFields = [
  'title',
  'summary',
  'severity',
  'service',
  'url',
  'assignees',
  'responders',
  'teams',
  'sla',
  'escalation',
  'data',
] as const satisfies readonly IncidentField[];

const textOf = ({ value }: TimedField): string => JSON.stringify(value) ?? '';

/** Of two at one instant any may count, as long as it is always the same. */
const isLater = (given: TimedField, known: TimedField | undefined): boolean =>
  !known || given.at > known.at || (given.at === known.at && textOf(given) > textOf(known));

/**
 * Lays what is said at `at` over what was said before.
 * @param names the fields that something is said of; those that `doc` does not have are said to be absent
 */
export function withFields(
  fields: TimedFields,
  doc: IncidentDoc,
  names: readonly IncidentField[],
  at: number,
): TimedFields {
  const changed = names.map((name) => {
    const value = doc[name] as Json | undefined;
    return [name, { at, ...(value === undefined ? {} : { value }) } satisfies TimedField] as const;
  });
  return { ...fields, ...Object.fromEntries(changed.filter(([name, given]) => isLater(given, fields[name]))) };
}

export const docOf = (fields: TimedFields): IncidentDoc =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
  ) as IncidentDoc;

/** The latest time that anything was said; undefined: nothing was. */
export function lastFieldAt(fields: TimedFields): number | undefined {
  const times = Object.values(fields).map(({ at }) => at);
  return times.length === 0 ? undefined : Math.max(...times);
}
