import { parseDuration } from '../../../kit/duration.ts';
import { checked, listOf, type Reader, shape } from '../../../kit/json/readers.ts';
import { instantMs, isoInstant } from '../../../kit/time/instant.ts';
import type { SlaDoc } from '../incident.ts';

/** A duration from the opening on, as seconds, or an instant that ends with `Z`. */
const deadline: Reader<number | string> = (value, at, faults) => {
  const duration = parseDuration(value);
  if (duration !== undefined && duration > 0) return duration / 1000;
  const instant = typeof value === 'string' ? instantMs(value) : undefined;
  if (instant !== undefined) return isoInstant(instant);
  faults.push({ path: at, reason: 'must be a duration such as "15m" or 900, or an instant with Z or an offset' });
  return undefined;
};

const part: Reader<number> = (value, at, faults) => {
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  faults.push({ path: at, reason: 'must be a part of the time, between 0 and 1' });
  return undefined;
};

const MOST_WARNINGS = 20;

const parts = checked(listOf(part, MOST_WARNINGS), (given) => [...new Set(given)].sort((a, b) => a - b));

/** `{acknowledge_by, resolve_by, warn_at}` */
export const sla: Reader<SlaDoc> = checked(
  shape({ acknowledge_by: deadline, resolve_by: deadline, warn_at: parts }),
  (given, at, faults) => {
    if (given.acknowledge_by !== undefined || given.resolve_by !== undefined) return given;
    faults.push({ path: at, reason: 'says nothing: give acknowledge_by or resolve_by' });
    return undefined;
  },
);
