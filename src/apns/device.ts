import type { DeviceTargets } from '../carrier/device-targets.ts';
import type { ApnsSection } from './section.ts';

/**
 * Tokens are bytes of a length that Apple does not promise (32 today, more for Live Activities), written in hexadecimal:
 * https://developer.apple.com/documentation/uikit/uiapplicationdelegate/application(_:didregisterforremotenotificationswithdevicetoken:)
 */
const HEX = /^(?:[0-9a-f]{2}){32,100}$/i;

export const apnsDevices: DeviceTargets<ApnsSection> = {
  kinds: ['alert', 'voip', 'liveactivity'],
  fault: (token) =>
    HEX.test(token) ? undefined : { why: 'must be the bytes of the token as 64 to 200 hexadecimal digits' },
  identity: (token) => token.toLowerCase(),
};
