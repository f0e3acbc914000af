import type { DeviceTargets, TargetFault } from '../carrier/device-targets.ts';
import type { WebSection } from './section.ts';
import { endpointIn, isOnCurve, parseSubscription } from './subscription.ts';

function fault(target: string): TargetFault | undefined {
  const read = parseSubscription(target);
  if (!read.ok) {
    const { field, why } = read.mistake;
    return field === '' ? { why } : { field, why };
  }
  return isOnCurve(read.subscription.p256dh) ? undefined : { field: 'keys.p256dh', why: 'is not a point of P-256' };
}

/** What pushes need of it, the endpoint in front: it is looked for there. */
function asTarget(given: Readonly<Record<string, unknown>>): string {
  const { endpoint, keys, application_server_key: named, applicationServerKey = named, ...rest } = given;
  // Kept where it says that the browser understands only a coding that is not sent, for `fault` to find.
  const { contentEncoding, supportedContentEncodings } = rest;
  return JSON.stringify({
    endpoint,
    keys,
    application_server_key: applicationServerKey ?? undefined,
    contentEncoding,
    supportedContentEncodings,
  });
}

/** A subscription is known by its endpoint: its keys may change. */
export const webDevices: DeviceTargets<WebSection> = {
  kinds: ['alert'],
  ofSubscription: asTarget,
  fault,
  identity: (target) => endpointIn(target) ?? target,
};
