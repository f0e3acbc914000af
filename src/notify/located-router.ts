import { background } from '../kit/background.ts';
import { toError } from '../kit/errors.ts';
import type { StreamRouter, WakeUp } from '../streams/router/stream-router.ts';
import { eventOf, type NotifyEvent } from './notify-event.ts';
import type { RoutingInfo, Tracker } from './tracker.ts';

/** Brings an event to the instance at which its person is connected, whose `deliver` takes it. */
export interface EventRouter {
  /** Rejects: the reader there has it a little later, by asking the store. */
  route(info: RoutingInfo, event: NotifyEvent): Promise<void>;
}

export interface LocatedRouterOptions {
  readonly router: EventRouter;
  readonly tracker: Tracker;
  readonly instanceId: string;
  readonly log: (level: 'warn', message: string) => void;
}

/** A router of one's own, asked for each instance at which a person is, but this one. */
export function locatedRouter({ router, tracker, instanceId, log }: LocatedRouterOptions): StreamRouter {
  const failed = (error: unknown): void => log('warn', `notify: an event was not routed: ${toError(error).message}`);
  const routeOne = async ({ user, event }: WakeUp): Promise<void> => {
    if (!event) return;
    const places = await tracker.locate(user);
    const others = places.filter((place) => place.instanceId !== '' && place.instanceId !== instanceId);
    await Promise.all(others.map(async (place) => router.route(place, eventOf(user, event)).catch(failed)));
  };
  return {
    send(wakeUps) {
      for (const wakeUp of wakeUps) background(routeOne(wakeUp), failed);
    },
    listen() {},
    async close() {},
  };
}
