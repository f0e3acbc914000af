import type { ConfigDocument } from '../../config/leaf.ts';
import { ConfigError } from '../../kit/errors.ts';
import { checked, mapOf, type Reader, shape, textOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import type { AppSettings, FullConfig } from '../../providers/registry.ts';
import { id } from '../words/id.ts';
import { type Priority, priority } from '../words/priority.ts';
import { type IncidentEvent, incidentEvents, type SlaDoc } from './incident.ts';
import type { BySeverity, SeverityMeaning, SeverityPolicy } from './severity-map.ts';
import { sla } from './sla/sla-doc.ts';

/** What the operator has decided about the incidents of an app: `hub.incidents.*`. */
export interface IncidentPolicy extends SeverityPolicy {
  readonly slas: readonly BySeverity<SlaDoc>[];
  /** Names of escalations. */
  readonly escalations: readonly BySeverity<string>[];
  /** Who acknowledges or resolves does not hear of it. */
  readonly exceptActor: boolean;
}

export interface IncidentPolicySources {
  readonly config: Pick<FullConfig, 'hub'>;
  readonly app: string;
  /** What the app sets itself; of `default` nothing. */
  readonly settings?: AppSettings | undefined;
}

const MOST_WORDS = 100;
const LONGEST_WORD = 64;

const wordFault = (word: string): string | undefined =>
  word === '' || word.length > LONGEST_WORD ? `a severity has 1 to ${LONGEST_WORD} characters` : undefined;

const bySeverity = <Meaning>(meaning: Reader<Meaning>): Reader<readonly BySeverity<Meaning>[]> =>
  checked(mapOf(meaning, MOST_WORDS, wordFault), (all) =>
    Object.entries(all).map(([severity, each]) => ({ severity, meaning: each })),
  );

const meaning: Reader<SeverityMeaning> = checked(
  shape({ priority, sound: textOf(256), category: textOf(128) }),
  ({ priority: given, sound = '', category = '' }) => ({ priority: given ?? 'medium', sound, category }),
);

const least: Reader<Partial<Record<IncidentEvent, Priority>>> = checked(
  mapOf(priority, incidentEvents.length, (name) =>
    incidentEvents.includes(name as IncidentEvent) ? undefined : `the names must be of ${incidentEvents.join(', ')}`,
  ),
  (all) => all as Partial<Record<IncidentEvent, Priority>>,
);

/** @throws ConfigError with the path of the first mistake behind the key */
function read<T extends object>(reader: Reader<T>, document: ConfigDocument, key: string): T {
  const faults: FaultyField[] = [];
  const value = reader(document === '' ? {} : document, '', faults);
  const [first] = faults;
  if (!first && value !== undefined) return value;
  const { path, reason } = first ?? { path: '', reason: 'cannot be read' };
  throw new ConfigError(path === '' ? key : `${key}.${path}`, reason);
}

/**
 * What holds for an app: `hub.incidents.*` with the app's own over it, key by key.
 * @throws ConfigError naming the key
 */
export function incidentPolicy({ config, app, settings }: IncidentPolicySources): IncidentPolicy {
  const own = settings?.hub?.incidents ?? {};
  const section = { ...config.hub.incidents, ...own };
  const keyOf = (key: keyof typeof section): string => `${key in own ? `apps.${app}.hub` : 'hub'}.incidents.${key}`;
  return {
    severities: read(bySeverity(meaning), section.severities, keyOf('severities')),
    leastPriority: read(least, section.least_priority, keyOf('least_priority')),
    slas: read(bySeverity(sla), section.sla, keyOf('sla')),
    escalations: read(bySeverity(id), section.escalation, keyOf('escalation')),
    exceptActor: section.except_actor,
  };
}
