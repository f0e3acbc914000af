import type { Scenario } from './scenario.ts';
import { blocked } from './scenarios/blocked.ts';
import { clock } from './scenarios/clock.ts';
import { fullDisk } from './scenarios/full-disk.ts';
import { goAway, goAwayWithError } from './scenarios/goaway.ts';
import { heap } from './scenarios/heap.ts';
import { hook } from './scenarios/hook.ts';
import { hubKill, hubKillOfTwo } from './scenarios/hub-kill.ts';
import { isolation } from './scenarios/isolation.ts';
import { kill } from './scenarios/kill.ts';
import { neighbours } from './scenarios/neighbours.ts';
import { nginxGoAway } from './scenarios/nginx.ts';
import { overload } from './scenarios/overload.ts';
import { portClosed } from './scenarios/port-closed.ts';
import { secondSignal, sigterm } from './scenarios/sigterm.ts';
import { streams } from './scenarios/streams.ts';

/** All of them, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  kill,
  sigterm,
  secondSignal,
  portClosed,
  nginxGoAway,
  goAway,
  goAwayWithError,
  streams,
  isolation,
  neighbours,
  hook,
  fullDisk,
  heap,
  clock,
  blocked,
  overload,
  hubKill,
  hubKillOfTwo,
];
