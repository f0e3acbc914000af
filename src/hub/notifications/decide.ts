import type { DecideInput, DeviceFacts } from './decide-input.ts';
import { type HopDecision, type HopVerdict, isLiving } from './decision.ts';
import { gate } from './gate.ts';
import { planOf, type Step, type StepWait } from './plan.ts';

/**
 * Decides about one notification and one person: a decision for each hop, of a push for each device. Pure: the same input gives the
 * same decisions, so that a preview shows what would happen, and what was held can be asked about again by `gate`.
 */
export function decide(input: DecideInput): readonly HopDecision[] {
  const { notification, policy, devicesOnly, records, person, now } = input;
  const steps = planOf(notification, policy, {
    ...(devicesOnly === undefined ? {} : { devicesOnly }),
    ...(records ? { records } : {}),
  });
  if (!person) {
    const channel = steps[0]?.channel ?? 'push';
    return [{ hop: 1, channel, state: 'suppressed', reason: 'unknown_user', at: now }];
  }
  return inOrder(input, steps);
}

/** The last hop that is not skipped, and what the hops skipped since would have waited for it. */
interface Before {
  readonly hop: number;
  readonly step: Step;
  readonly skipped?: { readonly wait: StepWait | undefined };
}

function inOrder(input: DecideInput, steps: readonly Step[]): readonly HopDecision[] {
  const decisions: HopDecision[] = [];
  let before: Before | undefined;
  for (const [index, step] of steps.entries()) {
    const hop = index + 1;
    const verdicts = verdictsOf(input, step);
    const wait = before?.skipped ? before.skipped.wait : step.wait;
    const lives = verdicts.some(({ verdict }) => isLiving(verdict));
    decisions.push(...verdicts.map((each) => decisionOf(input, { hop, step, ...each }, before, wait)));
    if (lives) before = { hop, step };
    // A hop that is skipped leaves its turn, and its wait, to the next.
    else if (before) before = { ...before, skipped: { wait } };
  }
  return decisions;
}

interface Judged {
  readonly device?: DeviceFacts;
  readonly verdict: HopVerdict;
}

function verdictsOf(input: DecideInput, { channel }: Step): readonly Judged[] {
  if (channel !== 'push') return [{ verdict: gate(input, channel) }];
  const devices = devicesOf(input);
  if (devices.length > 0) return devices.map((device) => ({ device, verdict: gate(input, channel, device) }));
  const verdict = gate(input, channel);
  const isOver = verdict.state === 'cancelled' || verdict.state === 'expired' || verdict.reason === 'scheduled';
  return [{ verdict: isOver ? verdict : { state: 'suppressed', reason: 'no_devices' } }];
}

/**
 * Those that a push is for: of the person's living ones the named ones, or those of the kinds that are meant. A digest is an alert,
 * whatever it tells of: no call, and no live activity.
 */
function devicesOf(input: DecideInput): readonly DeviceFacts[] {
  const { devices, namedDevices = [], devicesOnly, notification, isDigest } = input;
  const asked = isDigest ? undefined : notification.overrides?.ios?.push_type;
  const named = new Set(namedDevices);
  const only = notification.push_to && new Set(notification.push_to);
  return devices.filter(({ id, platform, kind, status }) => {
    if (status === 'invalid' || status === 'signed_out') return false;
    if (isDigest && kind !== 'alert') return false;
    if (only) return only.has(id);
    if (named.has(id)) return true;
    if (devicesOnly) return false;
    if (platform === 'ios' && (asked === 'voip' || asked === 'liveactivity')) return kind === asked;
    return kind === 'alert';
  });
}

function decisionOf(
  { presence, now }: DecideInput,
  { hop, step, device, verdict }: Judged & { readonly hop: number; readonly step: Step },
  before: Before | undefined,
  wait: StepWait | undefined,
): HopDecision {
  // Presence decides whether the stream is waited for, and never whether something is sent.
  const isAway = before?.step.channel === 'realtime' && presence !== 'active';
  const plan = before && wait && !isAway && isLiving(verdict) ? { after: before.hop, ...wait } : undefined;
  const due = plan?.wait_ms === undefined ? undefined : now + plan.wait_ms + (plan.delay_ms ?? 0);
  const until = verdict.until ?? due;
  const detail = step.learned ? { ...verdict.detail, learned: step.learned } : verdict.detail;
  return {
    hop,
    channel: step.channel,
    ...(device ? { device: device.id } : {}),
    state: verdict.state,
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    at: now,
    ...(until === undefined ? {} : { until }),
    ...(detail ? { detail } : {}),
    ...(plan ? { plan } : {}),
  };
}
