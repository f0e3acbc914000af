import { toError } from '../kit/errors.ts';
import type { RelayEvents } from './push.ts';

type EventName = keyof RelayEvents;

/** What a listener threw. Told once for each listener and event; what it throws afterwards is counted nowhere and hurts nobody. */
export type ListenerFailed = (event: EventName, error: Error) => void;

/**
 * One listener that calls all of them, in order, each only for the events that it has. None can disturb another or the relay:
 * what it throws ends here.
 */
export function combineEvents(
  listeners: readonly RelayEvents[],
  onFailure: ListenerFailed = () => {},
): Required<RelayEvents> {
  const fan = <Name extends EventName>(name: Name): Required<RelayEvents>[Name] => {
    type Call = (fact: Parameters<Required<RelayEvents>[Name]>[0]) => void;
    const calls = listeners.filter((listener) => listener[name]).map((listener) => guard(listener, name, onFailure));
    return ((fact) => {
      for (const call of calls as Call[]) call(fact);
    }) as Call as Required<RelayEvents>[Name];
  };
  return {
    accepted: fan('accepted'),
    settled: fan('settled'),
    retried: fan('retried'),
    reported: fan('reported'),
    refused: fan('refused'),
  };
}

function guard(listener: RelayEvents, name: EventName, onFailure: ListenerFailed): (fact: never) => void {
  let told = false;
  return (fact) => {
    try {
      listener[name]?.(fact);
    } catch (error) {
      if (told) return;
      told = true;
      onFailure(name, toError(error));
    }
  };
}
