/** The rows of the table: what is posted, to which provider, and what must come of it. */
import { allSystems, nghttpd, systemsAndVariants, withAndWithoutHistory } from './contest.ts';
import { hubScenarios } from './hub/hub-scenarios.ts';
import { backlog, delayed, type Fan, fanOut, h2loadLimit, otherClients } from './rows/fan-out.ts';
import { BESIDE, besideSilence } from './rows/silence.ts';
import { arrival, emptyServer, PACE, singles, sync } from './rows/singles.ts';
import { FULL, QUICK } from './rows/sizes.ts';
import { start } from './rows/start.ts';
import { WEB_FAN, webPush } from './rows/web-push-rows.ts';
import type { Plan, Scenario } from './scenario.ts';
import { streamsScenarios } from './streams/streams-scenarios.ts';

const FAN_OUT_BESIDE_PEER = { peerCpu: 1 / 15, peerMb: 1.3 };

/** All rows of the table, in its order. */
export function scenarios(plan: Plan): Scenario[] {
  const { bench, quick } = plan;
  const sizes = quick ? QUICK : FULL;
  const { limitMs } = sizes;
  const apns: Fan = { platform: 'apns', notifications: 100, tokens: 100, requests: sizes.fanOut };
  const fcm: Fan = { platform: 'fcm', notifications: 20, tokens: 500, requests: sizes.fcmFanOut };
  return [
    {
      name: 'apns-fan-out',
      title: `APNs fan-out, ${sizes.fanOut} × 100 notifications × 100 tokens`,
      goal: { ratio: 0.6, cpuUs: 4, peakMb: 200, ...FAN_OUT_BESIDE_PEER },
      contestants: [
        h2loadLimit(bench, 'apns', sizes.reference),
        ...otherClients(bench, 'apns', sizes),
        ...systemsAndVariants(plan, fanOut(bench, nghttpd('apns'), apns, limitMs)),
      ],
    },
    {
      name: 'fcm-fan-out',
      title: `FCM fan-out, ${sizes.fcmFanOut} × 20 notifications × 500 tokens`,
      goal: { ratio: 0.6, cpuUs: 5, ...FAN_OUT_BESIDE_PEER },
      contestants: [
        h2loadLimit(bench, 'fcm', sizes.reference),
        ...allSystems(plan, fanOut(bench, nghttpd('fcm'), fcm, limitMs)),
      ],
    },
    {
      name: 'webpush',
      title: `Web Push, ${sizes.webFanOut} × ${WEB_FAN.notifications} notifications × ${WEB_FAN.targets} subscriptions, to nginx`,
      goal: { perSecond: 5000, ratio: 3, cpuUs: 120 },
      contestants: webPush(plan, sizes),
    },
    {
      name: 'single-async',
      title: 'single-token requests, async, 32 connections',
      goal: { perSecond: 15_000, cpuUs: 55, peerRate: 3, peerCpu: 1 / 4 },
      contestants: [
        emptyServer(bench, sizes.singles),
        ...systemsAndVariants(plan, singles(bench, nghttpd('apns'), sizes.singles, limitMs)),
      ],
    },
    {
      name: 'history-single',
      title: 'single-token requests, async, with the history and without it',
      goal: {},
      contestants: withAndWithoutHistory(plan, singles(bench, nghttpd('apns'), sizes.singles, limitMs)),
    },
    {
      name: 'history-fan-out',
      title: 'APNs fan-out, with the history and without it',
      goal: {},
      contestants: withAndWithoutHistory(plan, fanOut(bench, nghttpd('apns'), apns, limitMs)),
    },
    {
      name: 'single-100ms',
      title: 'single-token requests, provider answers after 100 ms',
      goal: { perSecond: 5000 },
      contestants: allSystems(plan, singles(bench, delayed, sizes.delayedSingles, limitMs)),
    },
    {
      name: 'fan-out-100ms',
      title: 'fan-out, provider answers after 100 ms; p50 and p99 from the first post to arrival',
      goal: { perSecond: 20_000 },
      contestants: allSystems(plan, fanOut(bench, delayed, { ...apns, requests: sizes.delayedFanOut }, limitMs)),
    },
    {
      name: 'sync-single',
      title: 'sync single-token requests, 16 in flight; p50 and p99 of the answer',
      goal: { p50: 2, p99: 5 },
      contestants: allSystems(plan, sync(bench, sizes.syncs)),
    },
    {
      name: 'arrival',
      title: `single-token requests, ${PACE}/s; p50 and p99 from post to arrival at the provider`,
      goal: {},
      contestants: allSystems(plan, arrival(bench, sizes.pacedSeconds, limitMs)),
    },
    {
      name: 'silence',
      title: `${BESIDE.apns}/s to APNs beside ${BESIDE.fcm}/s to FCM; p50 and p99 of APNs from post to arrival`,
      goal: { p99Times: 1.5 },
      contestants: besideSilence(plan, sizes.silentSeconds),
    },
    {
      name: 'start',
      title: 'start to first healthy answer; memory when idle',
      goal: { startMs: 200, peakMb: 80 },
      contestants: allSystems(plan, start),
    },
    {
      name: 'backlog',
      title: `APNs fan-out with 1, 4 and 16 times the backlog (${sizes.backlog} × 100 × 100)`,
      goal: {},
      contestants: backlog(plan, sizes),
    },
    ...hubScenarios(plan),
    ...streamsScenarios(plan),
  ];
}
