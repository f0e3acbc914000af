import type { ListedPush } from '../../observe/history/history.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { targetName, time } from '../explain/line-parts.ts';

const OUTCOME_WIDTH = 9;
const PLATFORM_WIDTH = 8;
const TARGET_WIDTH = 14;

function answerOf({ outcome, status, reason, ms, retry_at: again }: ListedPush): string {
  const took = ms === undefined ? '' : `${ms} ms`;
  if (outcome === 'delivered') return took;
  const words = [status, reason].filter((word) => word !== undefined).join(' ');
  return again === undefined ? words : `${words}, again at ${time(again)}`;
}

/** An outcome as a line; of a failure a second one says what to do. */
export function tailLines(push: ListedPush): string[] {
  const { at, outcome, event, platform = '', app, notif_id, request_id, advice, error } = push;
  const parts = [
    time(at),
    (outcome ?? event).padEnd(OUTCOME_WIDTH),
    platform.padEnd(PLATFORM_WIDTH),
    targetName(push).padEnd(TARGET_WIDTH),
    answerOf(push),
    ...(app === DEFAULT_APP ? [] : [`app ${app}`]),
    notif_id ?? request_id,
  ];
  const why = outcome === 'failed' ? (advice ?? error) : undefined;
  return [parts.filter((part) => part !== '').join('  '), ...(why === undefined ? [] : [`              → ${why}`])];
}
