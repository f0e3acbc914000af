import type { Output } from './observe-output.ts';

/** A relay that serves, in process or as a process of its own. */
export interface RelayUnderTest {
  readonly output: Output;
  /** The exit code of a process that has ended. */
  readonly exitCode: number | undefined;
  /** Whether everything that was accepted is settled and told; a relay that cannot be asked says undefined. */
  idle(): boolean | undefined;
  close(): Promise<void>;
}

/** A relay that refused to start. */
export interface RefusedStart {
  readonly code: number;
  readonly output: Output;
}
