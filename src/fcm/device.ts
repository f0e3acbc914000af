import { type DeviceTargets, opaqueToken } from '../carrier/device-targets.ts';
import type { FcmSection } from './section.ts';

/** Longer than any: registration tokens have some 150 to 250 characters. */
const LONGEST = 4096;

export const fcmDevices: DeviceTargets<FcmSection> = {
  kinds: ['alert'],
  fault: (token) => opaqueToken(token, LONGEST),
};
