import { readEndpoint } from '../carrier/endpoint.ts';
import type { HostRules } from '../carrier/hosts.ts';
import type { WebSection } from './section.ts';
import { rulesOf } from './settings.ts';
import { endpointIn } from './subscription.ts';

/** Made once for each section in use. */
const rules = new WeakMap<WebSection, HostRules>();

function rulesFor(section: WebSection): HostRules {
  const known = rules.get(section) ?? rulesOf(section);
  rules.set(section, known);
  return known;
}

/**
 * The part of the lane of a subscription, by the host of its endpoint (`HostRules.partOf`). What cannot be read, and what is on no
 * list, shares one part, in which nothing is sent.
 */
export function partitionOf(target: string, section: WebSection): string {
  const endpoint = endpointIn(target);
  const place = endpoint === undefined ? undefined : readEndpoint(endpoint)?.place;
  return (place === undefined ? undefined : rulesFor(section).partOf(place)) ?? '';
}
