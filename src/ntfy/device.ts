import type { DeviceTargets } from '../carrier/device-targets.ts';
import type { NtfySection } from './section.ts';
import { topicOf } from './topic.ts';

/** Random topics are as long (UnifiedPush: 14 after `up`); shorter ones are words that people choose. */
const SHORTEST_SECRET = 14;

const lastSegment = (target: string): string => target.slice(target.lastIndexOf('/') + 1);

/** A topic, by its name or by its URL on the app's own server. */
export const ntfyDevices: DeviceTargets<NtfySection> = {
  kinds: ['alert'],
  fault: (target, section) =>
    topicOf(target, section?.endpoint ?? '') === undefined
      ? {
          why: 'must be a topic (1 to 64 of A-Z a-z 0-9 - _, none of ntfy’s own paths), or its URL on the server of the app',
        }
      : undefined,
  identity: (target, section) => topicOf(target, section?.endpoint ?? '') ?? target,
  isGuessable: (target) => lastSegment(target).length < SHORTEST_SECRET,
};
