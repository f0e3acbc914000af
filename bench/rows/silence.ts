/** What one provider that never answers costs those who wait for another. */
import { contest, delaying, type SystemRun } from '../contest.ts';
import { pacedPosting } from '../load.ts';
import { percentiles, sleep } from '../measure.ts';
import { startDelaying } from '../providers.ts';
import type { System } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';

/** Pushes a second to each. */
export const BESIDE = { apns: 200, fcm: 100 } as const;

/** Until connections stand, code is compiled and, where nobody answers, sessions are suspected. */
const WARM_UP_S = 10;
/** For what was posted last. */
const ARRIVE_MS = 1000;

const besideFcm = (plan: Plan, seconds: number, fcmDelayMs: number | null): SystemRun => ({
  start: delaying(0),
  run: async (relay, apns) => {
    const { bench } = plan;
    const fcm = await startDelaying(bench.fcm, bench.certificate, fcmDelayMs);
    const post = async (lastSeconds: number): Promise<number> => {
      const pace = { url: relay.pushUrl, seconds: lastSeconds };
      const [taken] = await Promise.all([
        pacedPosting(bench, { ...pace, platform: 'apns', perSecond: BESIDE.apns })(),
        pacedPosting(bench, { ...pace, platform: 'fcm', perSecond: BESIDE.fcm })(),
      ]);
      await sleep(ARRIVE_MS);
      return taken;
    };
    try {
      await post(WARM_UP_S);
      await apns.report();
      const expected = await post(seconds);
      const arrivals = (await apns.report())?.arrivals ?? [];
      return { ...percentiles(arrivals), peakMb: relay.memory().peak, expected, arrived: arrivals.length };
    } finally {
      await fcm.close();
    }
  },
});

/** Each system with an FCM that answers and with one that takes requests and does not; the first row is the limit. */
export function besideSilence(plan: Plan, seconds: number): Contestant[] {
  const both = (system: System, index: number): Contestant[] => {
    const answers = contest(plan, system, false, besideFcm(plan, seconds, 0));
    const silent = contest(plan, system, index === 0, besideFcm(plan, seconds, null));
    return [
      { ...answers, name: `${system.name}, FCM answers`, kind: index === 0 ? 'limit' : 'other' },
      { ...silent, name: `${system.name}, FCM never answers` },
    ];
  };
  return plan.systems.flatMap(both);
}
