/** The rows of the hub's table (hub off, devices, sends, what is due at once), each with what it is compared with. */
import type { Plan, Scenario } from '../scenario.ts';
import { hubDevices, hubImport } from './hub-devices.ts';
import { hubDue } from './hub-due.ts';
import { hubOff } from './hub-off.ts';
import { hubEveryone, hubSendOne } from './hub-sends.ts';
import { FULL, QUICK } from './hub-sizes.ts';

const text = (count: number): string => count.toLocaleString('en');

export function hubScenarios(plan: Plan): Scenario[] {
  const sizes = plan.quick ? QUICK : FULL;
  return [
    {
      name: 'hub-off',
      title: 'hub off: start, memory after 5 s, single-token requests',
      goal: { startTimes: 1.02, mbTimes: 1.02, cpuTimes: 1.02 },
      contestants: hubOff(plan, sizes),
    },
    {
      name: 'hub-devices',
      title: `${text(sizes.registered)} devices registered, 64 connections; CPU a device`,
      goal: { perSecond: 5000 },
      contestants: hubDevices(plan, sizes),
    },
    {
      name: 'hub-import',
      title: `import of ${text(sizes.imported)} devices; CPU a device`,
      goal: { perSecond: 20_000 },
      contestants: hubImport(plan, sizes),
    },
    {
      name: 'hub-send-one',
      title: 'sends to one person with one device, 64 connections',
      goal: { perSecond: 4000, cpuTimes: 2.5 },
      contestants: hubSendOne(plan, sizes),
    },
    {
      name: 'hub-everyone',
      title: `send to everyone, ${text(plan.people)} devices`,
      goal: { ratio: 0.6, grownMb: 150, firstMs: 1000 },
      contestants: hubEveryone(plan, sizes),
    },
    {
      name: 'hub-due',
      title: `${text(sizes.due)} sends due at once; p50 and p99 of /healthz meanwhile`,
      goal: { perSecond: 5000, p99: 50 },
      contestants: hubDue(plan, sizes),
    },
  ];
}
