import type { ConfigDocument } from '../../config/leaf.ts';
import { ConfigError } from '../../kit/errors.ts';
import { checked, nameOf, type Reader, setOf, shape, textOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { minutesOf, zoneName } from '../../kit/time/wall-time.ts';
import type { AppSettings, FullConfig } from '../../providers/registry.ts';
import type { Priority } from '../words/priority.ts';
import { type Buttons, type ButtonTable, buttonStates, usualButtons } from './buttons.ts';
import { type DailyKind, dailyKinds } from './daily/daily-kinds.ts';

/** What the operator has decided about the tasks of an app: `hub.tasks.*`. */
export interface TaskPolicy {
  /** When, in minutes since midnight, people hear of what; absent: never. */
  readonly at: Readonly<Partial<Record<DailyKind, number>>>;
  /** By whose clock; undefined: each person's own. */
  readonly timezone: string | undefined;
  /** Where a time without a zone is, and people of whom no zone is known: `hub.timezone`. */
  readonly hubZone: string;
  readonly priority: Priority;
  readonly buttons: ButtonTable;
}

export interface TaskPolicySources {
  readonly config: Pick<FullConfig, 'hub'>;
  readonly app: string;
  /** What the app sets itself; of `default` nothing. */
  readonly settings?: AppSettings | undefined;
}

const MOST_BUTTONS = 20;

const buttons: Reader<Buttons> = checked(
  shape({ category: textOf(128), buttons: setOf(nameOf(64), MOST_BUTTONS) }),
  ({ category = '', buttons: types = [] }) => ({ category, types }),
);

const own = shape(Object.fromEntries(buttonStates.map((name) => [name, buttons])) as Record<string, Reader<Buttons>>);
const table: Reader<ButtonTable> = checked(own, (given) => ({ ...usualButtons, ...given }));

/** @throws ConfigError with the path of the first mistake behind the key */
function tableOf(document: ConfigDocument, key: string): ButtonTable {
  const faults: FaultyField[] = [];
  const value = table(document === '' ? {} : document, '', faults);
  const [first] = faults;
  if (!first && value !== undefined) return value;
  const { path, reason } = first ?? { path: '', reason: 'cannot be read' };
  throw new ConfigError(path === '' ? key : `${key}.${path}`, reason);
}

const KEYS = { reminder: 'reminder_at', overdue: 'overdue_at', digest: 'digest_at' } as const;

/**
 * What holds for an app: `hub.tasks.*` with the app's own over it, key by key.
 * @throws ConfigError naming the key
 */
export function taskPolicy({ config, app, settings }: TaskPolicySources): TaskPolicy {
  const ownKeys = settings?.hub?.tasks ?? {};
  const section = { ...config.hub.tasks, ...ownKeys };
  const keyOf = (key: keyof typeof section): string => `${key in ownKeys ? `apps.${app}.hub` : 'hub'}.tasks.${key}`;
  const timezone = section.timezone === 'user' ? undefined : zoneName(section.timezone);
  if (timezone === undefined && section.timezone !== 'user')
    throw new ConfigError(keyOf('timezone'), 'must be a time zone of the IANA database, or user');
  return {
    at: Object.fromEntries(
      dailyKinds.flatMap((kind) => {
        const minutes = minutesOf(section[KEYS[kind]]);
        return minutes === undefined ? [] : [[kind, minutes]];
      }),
    ),
    timezone,
    hubZone: zoneName(settings?.hub?.timezone ?? config.hub.timezone) ?? 'UTC',
    priority: section.priority,
    buttons: tableOf(section.buttons, keyOf('buttons')),
  };
}
