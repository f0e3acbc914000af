import { createHash } from 'node:crypto';
import type { HostRules } from './hosts.ts';
import type { WebSection } from './section.ts';
import { rulesOf } from './settings.ts';
import { parseSubscription } from './subscription.ts';

const LONGEST = 100;
/** Made once for each section in use. */
const rules = new WeakMap<WebSection, HostRules>();

function rulesFor(section: WebSection): HostRules {
  const known = rules.get(section) ?? rulesOf(section);
  rules.set(section, known);
  return known;
}

/**
 * The part of the lane of a subscription: the host (and port) of its endpoint, `http:` before it where it is plain HTTP. What
 * cannot be read, and what is on no list, shares one part, in which nothing is sent.
 */
export function partitionOf(target: string, section: WebSection): string {
  const read = parseSubscription(target);
  const origin = read.ok ? rulesFor(section).originOf(read.subscription.url) : undefined;
  if (origin === undefined) return '';
  const name = origin.replace(/^https:\/\//, '').replace('http://', 'http:');
  if (name.length <= LONGEST) return name;
  // Two of these may share a lane: the transport keeps their connections apart.
  return `${name.slice(0, 60)}-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}
