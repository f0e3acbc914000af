/** Schedules, as the other parts of the hub know them. */
import { type FaultyField, type RefusalKind, RefusedError } from '../../kit/refusal.ts';
import type { NotificationDoc } from '../notifications/notification-doc.ts';

/** When something is sent: exactly one of `cron`, `every` and `at`. */
export interface TimingDoc {
  /** Five fields, or six with seconds first. */
  readonly cron?: string;
  /** Seconds. */
  readonly every?: number;
  /** An instant that ends with `Z`. */
  readonly at?: string;
  /** By whose clock, an IANA zone. */
  readonly timezone: string;
}

/** What becomes of times at which nothing ran: the last of them is made up, or none is. */
export const catchUps = ['latest', 'none'] as const;
export type CatchUp = (typeof catchUps)[number];

export interface ScheduleDoc extends TimingDoc {
  /** What is sent each time. */
  readonly notification: NotificationDoc;
  readonly catch_up: CatchUp;
  /** What callers want; one whose time is over sends nothing all the same. */
  readonly enabled: boolean;
}

/** A schedule as it is kept. All times are UNIX milliseconds. */
export interface HubSchedule {
  readonly app: string;
  readonly id: string;
  readonly doc: ScheduleDoc;
  /** From when on it counts. */
  readonly anchor: number;
  /** Null: it is off, or there is no further time. */
  readonly next_at: number | null;
  readonly last_at: number | null;
  readonly last_notification: string | null;
  readonly rev: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** By what notices of a schedule are found. */
export const aboutSchedule = (id: string): string => `schedule:${id}`;

/** What came of a time of a schedule. */
export type ScheduleOutcome = 'sent' | 'missed';

/** Something about schedules that is not done. */
export class ScheduleRefusal extends RefusedError {
  readonly code = 'ERR_SCHEDULE_REFUSED';
  readonly kind: RefusalKind;
  override readonly details: readonly FaultyField[] | undefined;

  constructor(kind: RefusalKind, message: string, details?: readonly FaultyField[]) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}
