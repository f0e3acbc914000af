import type { Scenario } from './scenario.ts';
import { kill } from './scenarios/kill.ts';

/** All of them, in the order of the table. */
export const scenarios: readonly Scenario[] = [kill];
