import { type DeviceTargets, opaqueToken } from '../carrier/device-targets.ts';
import type { HmsSection } from './section.ts';

/** Longer than any: push tokens have some 130 characters. */
const LONGEST = 4096;

export const hmsDevices: DeviceTargets<HmsSection> = {
  kinds: ['alert'],
  fault: (token) => opaqueToken(token, LONGEST),
};
