import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningRelay } from '../e2e/running-relay.ts';

/** What an attack took. */
export interface Cost {
  /** Milliseconds of the relay's own time, whatever else the machine does; the kernel counts in steps of ten. */
  readonly cpuMs: number;
  /** Characters that the relay wrote to its logs. */
  readonly logged: number;
  /** Health checks that were answered meanwhile. */
  readonly healthy: number;
}

const TICK_MS = 10;
const USER_TIME = 11;
const SYSTEM_TIME = 12;
/** Turns of quiet after which what an attack left behind is done. */
const QUIET_LOOKS = 5;
const LOOK_MS = 50;

/** Of all threads of the process (proc(5), `utime` and `stime`). */
export function cpuOf(pid: number): number {
  // The name before the bracket may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK_MS;
}

/** Resolves when the process does nothing more: what goes on after an answer counts as well. */
async function quiet(pid: number): Promise<void> {
  for (let looks = 0, before = cpuOf(pid); looks < QUIET_LOOKS; looks++) {
    await sleep(LOOK_MS);
    const now = cpuOf(pid);
    // An idle relay has a health check to answer and a timer now and then.
    if (now - before > TICK_MS) looks = 0;
    before = now;
  }
}

/** What an attack costs the relay, health checks besides; rejects when one of them fails. */
export async function costOf(relay: RunningRelay, attack: () => Promise<unknown>): Promise<Cost> {
  const pid = relay.child.pid as number;
  await quiet(pid);
  const [cpu, output] = [cpuOf(pid), relay.output().length];
  let isOver = false;
  let healthy = 0;
  const health = (async () => {
    while (!isOver) {
      const { ok } = await fetch(`${relay.url}/healthz`);
      if (!ok) throw new Error('the relay is not healthy');
      healthy++;
      await sleep(TICK_MS);
    }
  })();
  try {
    await Promise.race([attack(), health]);
    await quiet(pid);
  } finally {
    isOver = true;
  }
  await health;
  return { cpuMs: cpuOf(pid) - cpu, logged: relay.output().length - output, healthy };
}
