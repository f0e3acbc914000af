import type { ProviderTable } from '../../providers/registry.ts';
import { entryText } from '../../push/entry-text.ts';
import { isOfHub } from '../../push/hub-request.ts';
import type { Outcome, Settlement } from '../../push/push.ts';
import { pushEntry, REDACTED_MESSAGE, shownTarget } from '../../push/push-entry.ts';
import { errorRedactor, type Hidden, maskedTarget } from './redaction.ts';
import { oneLine, pushHead, stamp, type TextStyle } from './text-line.ts';

/** One log as far as push lines are concerned. */
export interface PushLog {
  readonly stream: { write(text: string): void };
  /** False: its level drops the lines, so they are not even made. */
  readonly enabled: boolean;
  readonly style: TextStyle;
}

export interface PushLinesOptions {
  readonly json: boolean;
  readonly hidden: Hidden;
  readonly providers: Pick<ProviderTable, 'ofPlatform'>;
  /** Accepted pushes go to the access log at `info`, failed ones to the error log at `error`. */
  readonly access: PushLog;
  readonly error: PushLog;
  /** The time as a line shows it. */
  readonly time: () => string;
}

type LineOf = (index: number, outcome: Outcome) => string;

const hidesMessage = ({ requestId }: Settlement, { messages }: Hidden): boolean => messages || isOfHub(requestId);

/** Gorush's text lines. What a batch has in common is made once. */
function textLines(
  settlement: Settlement,
  { hidden, access, error, providers }: PushLinesOptions,
  time: string,
): LineOf {
  const { notification, platform } = settlement;
  const message = hidesMessage(settlement, hidden)
    ? REDACTED_MESSAGE
    : oneLine(entryText(notification.message ?? '', notification));
  const redact = errorRedactor(settlement, hidden);
  const colour = providers.ofPlatform(platform)?.look.colour;
  const colourIn = ({ style }: PushLog) => (style.colours ? colour : 'none');
  const stampOf = (log: PushLog, level: string): string => (log.style.stamped ? stamp(time, level) : '');
  const accepted = stampOf(access, 'info') + pushHead('succeeded-push', platform, colourIn(access));
  const failed = stampOf(error, 'error') + pushHead('failed-push', platform, colourIn(error));
  return (index, outcome) => {
    const token = oneLine(hidden.tokens ? maskedTarget(settlement, index) : shownTarget(settlement, index));
    return outcome.kind === 'accepted'
      ? `${accepted}${token}] ${message}\n`
      : `${failed}${token}] | ${message} | Error Message: ${oneLine(entryText(redact(outcome.error), notification))}\n`;
  };
}

/** One object a line: level, time, and the entry that the hook and the caller get. */
function jsonLines(settlement: Settlement, { hidden }: PushLinesOptions, time: string): LineOf {
  const { notification } = settlement;
  const redact = errorRedactor(settlement, hidden);
  return (index, outcome) => {
    const entry = pushEntry(settlement, index, hidesMessage(settlement, hidden));
    if (hidden.tokens) entry.token = maskedTarget(settlement, index);
    // Cut after it was redacted: half a token would not be found.
    if (outcome.kind === 'failed') entry.error = entryText(redact(outcome.error), notification);
    if (entry.reason !== undefined) entry.reason = redact(entry.reason);
    return `${JSON.stringify({ level: outcome.kind === 'accepted' ? 'info' : 'error', time, ...entry })}\n`;
  };
}

/** Writes a line for each target, in one piece for each log. */
export function createPushLines(options: PushLinesOptions): (settlement: Settlement) => void {
  const { access, error, json, time } = options;
  return (settlement) => {
    if (!access.enabled && !error.enabled) return;
    const { outcomes } = settlement;
    let line: LineOf | undefined;
    let accepted = '';
    let failed = '';
    for (let index = 0; index < outcomes.length; index++) {
      const outcome = outcomes[index] as Outcome;
      const isAccepted = outcome.kind === 'accepted';
      if (isAccepted ? !access.enabled : !error.enabled) continue;
      line ??= (json ? jsonLines : textLines)(settlement, options, time());
      if (isAccepted) accepted += line(index, outcome);
      else failed += line(index, outcome);
    }
    if (accepted !== '') access.stream.write(accepted);
    if (failed !== '') error.stream.write(failed);
  };
}
