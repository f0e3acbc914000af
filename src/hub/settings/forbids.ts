import type { Channel } from '../words/channel.ts';
import type { Priority } from '../words/priority.ts';
import { atLeast, sameSeverity } from '../words/severity.ts';
import { closest } from '../words/type-pattern.ts';
import type { Rules } from './rules.ts';

/** What settings look at in a notification. */
export interface AboutNotification {
  readonly type: string;
  readonly priority: Priority;
  readonly severity?: string;
  readonly status?: string;
}

export type Forbidding =
  | { readonly reason: 'user_disabled' }
  | { readonly reason: 'type_disabled'; readonly pattern: string }
  | { readonly reason: 'channel_disabled'; readonly never: boolean; readonly by: 'person' | 'device' }
  | { readonly reason: 'severity_filtered'; readonly severity: string }
  | { readonly reason: 'status_filtered'; readonly status: string };

const word = (text: string): string => text.toLowerCase();

/**
 * Why these rules do not let a notification through on a channel, whatever the time; undefined: they do. First match wins: enabled,
 * type, channel, severity, status. `channels: {push: false}` yields to a critical notification, everything else to none.
 */
export function forbids(rules: Rules, about: AboutNotification, channel: Channel): Forbidding | undefined {
  return switchedOff(rules, about, channel) ?? filtered(rules, about);
}

function switchedOff(rules: Rules, { type, priority }: AboutNotification, channel: Channel): Forbidding | undefined {
  if (!rules.enabled)
    return rules.of === 'person'
      ? { reason: 'user_disabled' }
      : { reason: 'channel_disabled', never: true, by: 'device' };
  const [pattern, said] = rules.types.map((each) => closest(each, type)).find((each) => each !== undefined) ?? [];
  if (pattern !== undefined && said !== undefined && !isOnFor(said, channel))
    return { reason: 'type_disabled', pattern };
  const toggle = rules.channels[channel];
  if (toggle === 'never' || (toggle === false && priority !== 'critical'))
    return { reason: 'channel_disabled', never: toggle === 'never', by: rules.of };
  return undefined;
}

function isOnFor(said: Rules['types'][number][string], channel: Channel): boolean {
  if (typeof said === 'boolean') return said;
  return !said?.channels?.length || said.channels.includes(channel);
}

/** A filter looks at a field only where a notification has it. */
function filtered(rules: Rules, { severity, status }: AboutNotification): Forbidding | undefined {
  const { severities, statuses, min_severity: least } = rules;
  if (severity !== undefined) {
    const listed = severities.length === 0 || severities.some((each) => sameSeverity(each, severity));
    if (!listed || (least !== undefined && !atLeast(severity, least))) return { reason: 'severity_filtered', severity };
  }
  if (status === undefined || statuses.length === 0) return undefined;
  return statuses.some((each) => word(each) === word(status)) ? undefined : { reason: 'status_filtered', status };
}
