import { isoInstant } from '../../../kit/time/instant.ts';
import { BREACH, type SlaKind, type SlaPoint } from './sla-times.ts';

const DONE: Readonly<Record<SlaKind, string>> = { acknowledge_by: 'acknowledged', resolve_by: 'resolved' };

/** `2026-12-01 10:30 UTC` */
const timeWords = (ms: number): string => `${isoInstant(ms).slice(0, 16).replace('T', ' ')} UTC`;

/** What people hear, and the timeline has. */
export function slaWords({ kind, share, deadline }: SlaPoint): string {
  const by = timeWords(deadline);
  return share === BREACH
    ? `Not ${DONE[kind]} by ${by}.`
    : `To be ${DONE[kind]} by ${by}: ${Math.round(share * 100)} % of the time is over.`;
}
