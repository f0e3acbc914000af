import type { DeviceTargets } from '../carrier/device-targets.ts';
import { isExpoToken } from './payload.ts';
import type { ExpoSection } from './section.ts';

export const expoDevices: DeviceTargets<ExpoSection> = {
  kinds: ['alert'],
  fault: (token) =>
    isExpoToken(token) ? undefined : { why: 'must be a token as Expo gives it to the app: ExponentPushToken[…]' },
};
