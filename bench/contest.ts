/** A system that is measured: its provider, its process, and what is done with it. */
import type { Platform } from './load.ts';
import type { Sample } from './measure.ts';
import { type Provider, startDelaying, startNghttpd } from './providers.ts';
import { type ConfigOverlay, type RelayProcess, type System, startRelay } from './relay-process.ts';
import type { Contestant, Plan } from './scenario.ts';
import type { Workbench } from './workbench.ts';

export type Start = (bench: Workbench) => Promise<Provider>;

export const nghttpd =
  (platform: Platform): Start =>
  (bench) =>
    startNghttpd(bench[platform], bench.certificate, bench.docs);

export const delaying =
  (delayMs: number): Start =>
  (bench) =>
    startDelaying(bench.apns, bench.certificate, delayMs);

export async function withProvider<T>(
  bench: Workbench,
  start: Start,
  work: (provider: Provider) => Promise<T>,
): Promise<T> {
  const provider = await start(bench);
  try {
    return await work(provider);
  } finally {
    await provider.close();
  }
}

export interface SystemRun {
  readonly start: Start;
  readonly config?: ConfigOverlay;
  run(relay: RelayProcess, provider: Provider): Promise<Sample>;
}

export const contest = (
  { bench }: Plan,
  system: System,
  judged: boolean,
  { start, config, run }: SystemRun,
): Contestant => ({
  name: system.name,
  kind: 'system',
  judged,
  run: () =>
    withProvider(bench, start, async (provider) => {
      const relay = await startRelay(bench, system, config);
      try {
        return await run(relay, provider);
      } finally {
        await relay.close();
      }
    }),
});

export const allSystems = (plan: Plan, run: SystemRun): Contestant[] =>
  plan.systems.map((system, index) => contest(plan, system, index === 0, run));

const inMemory = (system: System): System => ({
  ...system,
  name: `${system.name}, queue in memory`,
  config: { ...system.config, queue: { local: { path: '' } } },
});

const onAllCores = (system: System): System => ({
  ...system,
  name: `${system.name}, a process a core`,
  config: { ...system.config, core: { ...system.config?.core, processes: 0 } },
});

const withoutHistory = (system: System): System => ({
  ...system,
  name: `${system.name}, history off`,
  config: { ...system.config, history: { enabled: false } },
});

/** Who sends nothing needs no provider. */
export const noProvider: Start = async () => ({ report: async () => undefined, close: async () => {} });

/** What `history.enabled` costs: taken in turn, so that a busy minute falls upon both. */
export const withAndWithoutHistory = (plan: Plan, run: SystemRun): Contestant[] => {
  const martlet = plan.systems[0] as System;
  return [contest(plan, martlet, false, run), contest(plan, withoutHistory(martlet), false, run)];
};

/** Martlet, the others, and Martlet without its queue file and with `core.processes: 0`. */
export const systemsAndVariants = (plan: Plan, run: SystemRun): Contestant[] => [
  ...allSystems(plan, run),
  ...[inMemory, onAllCores].map((variant) => contest(plan, variant(plan.systems[0] as System), false, run)),
];
