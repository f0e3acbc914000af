import type { HopDecision, HubReason } from './decision.ts';
import { isHubReason, TAKEN_STATES } from './decision.ts';

/** What a back end or an operator can do about a decision; undefined: nothing, or nothing has to be done. docs/hub/deciding.md has them. */
export const reasonAdvice: Readonly<Record<HubReason, string | undefined>> = {
  scheduled: '`DELETE /v1/notifications/{id}` takes it back until then.',
  user_disabled: 'Only the person can switch it on again, in the settings.',
  channel_disabled: 'Only the person can switch it on again, in the settings or on the device.',
  type_disabled: 'Only the person can allow it, by `types` in the settings.',
  severity_filtered: 'Only the person can allow it, by `severities` or `min_severity` in the settings.',
  status_filtered: 'Only the person can allow it, by `statuses` in the settings.',
  quiet_hours:
    'What cannot wait is sent with the priority `critical`, which passes unless the person has ruled it out.',
  snoozed:
    '`DELETE /v1/users/{user}/snooze` ends it; the priority `critical` passes unless the person has ruled it out.',
  no_consent: 'Ask the person, and keep the answer: `PATCH /v1/users/{user}` with `consent`.',
  unsubscribed: 'Only the person can take that back, by a new `consent` or by START to the number.',
  bounced: 'Ask the person for another address: this one stays blocked.',
  no_address: 'Send the address: `PATCH /v1/users/{user}` with `email`, `phone` or `slack`.',
  no_devices: 'Have the app register its device after signing in: `PUT /v1/devices/{device}` with `user`.',
  stale_device: 'It is used again as soon as the app on it registers once more.',
  key_mismatch: 'Configure the old VAPID pair beside the new one, or have the page subscribe again.',
  unreadable:
    'Write it again: have the app register its device once more, or `PUT /v1/users/{user}` with the addresses.',
  throttled: 'Send less of it, or raise `hub.limits`; the priority `critical` passes.',
  duplicate: undefined,
  superseded: undefined,
  digested: undefined,
  acked: undefined,
  read: undefined,
  resolved: undefined,
  not_configured: 'Give the app the credential, or set the key that the sentence names.',
  budget: undefined,
  expired: 'Give it a later `expires_at`, if late is better than never.',
  cancelled: undefined,
  erased: undefined,
  unknown_user: 'Make the person first, `PUT /v1/users/{user}`: a send makes no one.',
};

/** Nothing is to be done about what has happened. */
export const adviceOnReason = ({ state, reason }: Pick<HopDecision, 'state' | 'reason'>): string | undefined =>
  reason !== undefined && isHubReason(reason) && !TAKEN_STATES.has(state) ? reasonAdvice[reason] : undefined;
