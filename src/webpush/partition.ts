import { type Endpoint, readEndpoint } from '../carrier/endpoint.ts';
import type { HostRules } from '../carrier/hosts.ts';
import type { WebSection } from './section.ts';
import { rulesOf } from './settings.ts';
import { parseSubscription } from './subscription.ts';

/** Made once for each section in use. */
const rules = new WeakMap<WebSection, HostRules>();

function rulesFor(section: WebSection): HostRules {
  const known = rules.get(section) ?? rulesOf(section);
  rules.set(section, known);
  return known;
}

/** Where a subscription leads; its keys are not looked at yet, which would be most of the work. */
function placeIn(target: string): Endpoint['place'] | undefined {
  const [, plain] = FIRST_ENDPOINT.exec(target) ?? [];
  const endpoint = plain === undefined ? endpointOf(target) : plain;
  return endpoint === undefined ? undefined : readEndpoint(endpoint)?.place;
}

/** As JSON.stringify writes what browsers give; anything else is read in full. */
const FIRST_ENDPOINT = /^\{"endpoint":"([^"\\]*)"/;

function endpointOf(target: string): string | undefined {
  const read = parseSubscription(target);
  return read.ok ? read.subscription.endpoint : undefined;
}

/**
 * The part of the lane of a subscription, by the host of its endpoint (`HostRules.partOf`). What cannot be read, and what is on no
 * list, shares one part, in which nothing is sent.
 */
export function partitionOf(target: string, section: WebSection): string {
  const place = placeIn(target);
  return (place === undefined ? undefined : rulesFor(section).partOf(place)) ?? '';
}
