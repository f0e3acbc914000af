import { toError } from '../kit/errors.ts';
import type { RelayEvents } from './push.ts';

type EventName = keyof RelayEvents;

/** What a listener threw: reported once for each listener and event. What it throws later is not reported, and disturbs no other. */
export type ListenerFailed = (event: EventName, error: Error) => void;

/** The events of the relay, as one listener that calls all others. */
export interface EventHub extends Required<RelayEvents> {
  /** A further listener: called for the events that it has, after those before it. */
  listen(listener: RelayEvents): void;
}

type Call = (fact: never) => void;

/**
 * Parts that report facts are given the hub; parts that listen join it when they are opened, which may be later. None can
 * disturb another or the relay: what a listener throws ends here.
 */
export function createEventHub(onFailure: ListenerFailed = () => {}): EventHub {
  const calls: Record<EventName, Call[]> = {
    accepted: [],
    settled: [],
    retried: [],
    late: [],
    replied: [],
    reported: [],
    refused: [],
  };
  const fan = <Name extends EventName>(name: Name): Required<RelayEvents>[Name] => {
    const listeners = calls[name];
    return ((fact: never) => {
      for (const call of listeners) call(fact);
    }) as Required<RelayEvents>[Name];
  };
  return {
    accepted: fan('accepted'),
    settled: fan('settled'),
    retried: fan('retried'),
    late: fan('late'),
    replied: fan('replied'),
    reported: fan('reported'),
    refused: fan('refused'),
    listen(listener) {
      for (const name of Object.keys(calls) as EventName[])
        if (listener[name]) calls[name].push(guard(listener, name, onFailure));
    },
  };
}

/** A hub whose listeners are there from the start. */
export function combineEvents(listeners: readonly RelayEvents[], onFailure?: ListenerFailed): EventHub {
  const hub = createEventHub(onFailure);
  for (const listener of listeners) hub.listen(listener);
  return hub;
}

function guard(listener: RelayEvents, name: EventName, onFailure: ListenerFailed): Call {
  let hasFailed = false;
  return (fact) => {
    try {
      listener[name]?.(fact);
    } catch (error) {
      if (hasFailed) return;
      hasFailed = true;
      onFailure(name, toError(error));
    }
  };
}
