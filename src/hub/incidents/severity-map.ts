import { type Priority, priorities } from '../words/priority.ts';
import { sameSeverity } from '../words/severity.ts';
import type { IncidentEvent } from './incident.ts';

/** What a severity makes of the notices about an incident. */
export interface SeverityMeaning {
  readonly priority: Priority;
  /** Empty: that of the priority. */
  readonly sound: string;
  readonly category: string;
}

export interface BySeverity<Meaning> {
  readonly severity: string;
  readonly meaning: Meaning;
}

/** What is said of a severity: under its very word, in any case, else under another of the same rank. */
export function ofSeverity<Meaning>(
  all: readonly BySeverity<Meaning>[],
  severity: string | undefined,
): Meaning | undefined {
  if (severity === undefined) return undefined;
  const word = severity.toLowerCase();
  const own = all.find((each) => each.severity.toLowerCase() === word);
  return (own ?? all.find((each) => sameSeverity(each.severity, severity)))?.meaning;
}

const USUAL: SeverityMeaning = { priority: 'medium', sound: '', category: '' };

const atLeast = (priority: Priority, least: Priority | undefined): Priority =>
  least && priorities.indexOf(least) > priorities.indexOf(priority) ? least : priority;

export interface SeverityPolicy {
  /** `hub.incidents.severities` */
  readonly severities: readonly BySeverity<SeverityMeaning>[];
  /** `hub.incidents.least_priority` */
  readonly leastPriority: Readonly<Partial<Record<IncidentEvent, Priority>>>;
}

/** How a notice of an event goes out; a severity that nothing is said of is a medium one. */
export function meaningOf(
  { severities, leastPriority }: SeverityPolicy,
  severity: string | undefined,
  event: IncidentEvent,
): SeverityMeaning {
  const meaning = ofSeverity(severities, severity) ?? USUAL;
  return { ...meaning, priority: atLeast(meaning.priority, leastPriority[event]) };
}
