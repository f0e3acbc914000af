import { parseDuration } from '../../kit/duration.ts';
import type { Reader } from '../../kit/json/readers.ts';

/** A duration, in seconds. */
export const seconds: Reader<number> = (value, at, faults) => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms / 1000;
  faults.push({
    path: at,
    reason: 'must be a duration such as "5s" or "1h30m", or a number of seconds, not negative and at most 100 years',
  });
  return undefined;
};
