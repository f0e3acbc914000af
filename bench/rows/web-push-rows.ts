import { contest, type SystemRun, withProvider } from '../contest.ts';
import { posting } from '../load.ts';
import { measure } from '../measure.ts';
import type { System } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import { type Protocol, startPushService, type WebPushScene, webPushScene } from '../web-push.ts';
import { runWebPushClient, WEB_PUSH_CLIENTS } from '../web-push-clients.ts';
import type { Workbench } from '../workbench.ts';
import { MOST_WARM_UP } from './fan-out.ts';
import type { Sizes } from './sizes.ts';

const POSTERS = 4;

/** Pushes of one request: 20 notifications to 100 subscriptions each. */
export const WEB_FAN = { notifications: 20, targets: 100 };
const WEB_PARALLEL = 64;

function otherWebPush(bench: Workbench, scene: WebPushScene, pushes: number): Contestant[] {
  return WEB_PUSH_CLIENTS.map((client) => ({
    name: client === 'web-push' ? 'web-push (library, HTTP/1.1)' : 'http2-wrapper auto, our encryption',
    kind: client === 'web-push' ? 'limit' : 'other',
    judged: false,
    run: () =>
      withProvider(
        bench,
        () => startPushService(bench, client === 'web-push' ? 'http1' : 'http2'),
        async () => {
          const { subscriptions, pair, subject, payload } = scene;
          const work = {
            client,
            subscriptions,
            pair,
            subject,
            payload,
            caPath: bench.caPath,
            pushes,
            parallel: WEB_PARALLEL,
          };
          const { succeeded, ...sample } = await runWebPushClient(work);
          return { ...sample, expected: pushes, arrived: succeeded };
        },
      ),
  }));
}

const webFanOut = (
  bench: Workbench,
  scene: WebPushScene,
  protocol: Protocol,
  requests: number,
  limitMs: number,
): SystemRun => ({
  start: () => startPushService(bench, protocol),
  config: scene.config,
  run: (relay) => {
    const { notifications, targets } = WEB_FAN;
    const bodyPath = bench.write('web-fan-out', scene.pushBody(notifications, targets));
    const common = { url: relay.pushUrl, pushes: notifications * targets, connections: POSTERS, bodyPath };
    const post = (count: number) => posting({ ...common, requests: count });
    return measure(relay, post(Math.min(MOST_WARM_UP, requests)), post(requests), limitMs);
  },
});

export function webPush(plan: Plan, sizes: Sizes): Contestant[] {
  const { bench } = plan;
  const scene = webPushScene(bench);
  const martlet: System = { ...(plan.systems[0] as System), counts: 'metrics' };
  const run = (protocol: Protocol) => webFanOut(bench, scene, protocol, sizes.webFanOut, sizes.limitMs);
  return [
    ...otherWebPush(bench, scene, sizes.webOthers),
    contest(plan, martlet, true, run('http2')),
    contest(plan, { ...martlet, name: `${martlet.name}, HTTP/1.1` }, false, run('http1')),
  ];
}
