import type { CountedFact, DecidedFact, EngagedFact, RanFact, ToldFact } from '../../observe/metrics/hub-counts.ts';

/** What the hub has done, told once it is committed. A listener decides nothing, never blocks and never throws. */
export interface HubEvents {
  /** Decisions came to a state. */
  decided?(some: readonly DecidedFact[]): void;
  /** People did something with what they were sent. */
  engaged?(some: readonly EngagedFact[]): void;
  /** People of a notification were decided about for the first time. */
  counted?(fact: CountedFact): void;
  /** Decisions that an instance had handed over before it died are made again here. */
  tookOver?(decisions: number): void;
  /** Notices about tasks were taken. */
  toldOfTasks?(fact: ToldFact): void;
  /** A time of a schedule has come. */
  ranSchedule?(fact: RanFact): void;
}
