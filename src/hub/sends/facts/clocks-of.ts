/** By whose clock people live. */
import { zonesOf } from '../../notifications/gate.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { personZone } from '../../settings/settings.ts';
import type { HubDb } from '../../storage/storage.ts';
import { type FactsParts, factsOf } from './facts.ts';

export interface ClocksParts extends Omit<FactsParts, 'db' | 'now'> {
  readonly policyOf: (app: string) => HubPolicy;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** The zones of people, by person: what quiet hours and local times go by. */
export async function clocksOf(
  db: HubDb,
  { seal, staleAfterMs, policyOf, now }: ClocksParts,
  app: string,
  users: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const policy = policyOf(app);
  const facts = await factsOf({ db, seal, staleAfterMs, now: now() }, { app, policy, channels: new Set() }, users);
  return new Map(
    [...facts].map(([user, { settings, devices, person }]) => [
      user,
      personZone(settings, zonesOf({ devices, person, policy })).timezone,
    ]),
  );
}
