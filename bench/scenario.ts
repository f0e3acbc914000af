import type { Sample } from './measure.ts';
import type { System } from './relay-process.ts';
import type { Workbench } from './workbench.ts';

/** The name of the row of a server that runs beside Martlet. */
export const PEER = 'peer';

/** Least (`perSecond`, `ratio`, `peerRate`) and most (the others) that Martlet must reach. */
export interface Goal {
  readonly perSecond?: number;
  /** Of the scenario's limit. */
  readonly ratio?: number;
  readonly cpuUs?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly peakMb?: number;
  readonly startMs?: number;
  readonly grownMb?: number;
  readonly firstMs?: number;
  /** Of the CPU, the memory, the start and the slowest hundredth of the scenario's limit. */
  readonly cpuTimes?: number;
  readonly mbTimes?: number;
  readonly startTimes?: number;
  readonly p99Times?: number;
  /** Of the memory that a stream has in the scenario's limit. */
  readonly kibTimes?: number;
  /** Of what the peer does in the same run; not judged without one. */
  readonly peerRate?: number;
  readonly peerCpu?: number;
  readonly peerMb?: number;
}

export interface Contestant {
  readonly name: string;
  /** `limit`: what the ratios of the scenario refer to; `other`: an alternative; `system`: a relay. */
  readonly kind: 'limit' | 'other' | 'system';
  /** Held against the goal. */
  readonly judged: boolean;
  run(): Promise<Sample>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly goal: Goal;
  readonly contestants: readonly Contestant[];
}

export interface Plan {
  readonly bench: Workbench;
  /** The first is Martlet. */
  readonly systems: readonly System[];
  readonly quick: boolean;
  /** People of the hub's send to everyone. */
  readonly people: number;
  /** An earlier Martlet, to compare what the hub costs while it is off; undefined: none. */
  readonly before: System | undefined;
}
