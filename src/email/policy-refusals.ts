import type { Outcome } from '../push/push.ts';

/** So many receivers' domains in a row that do not trust the sender are the sender's fault, and not that of one strict domain. */
const DOMAINS_OF_THE_LANE = 5;

const POLICY = /^5\.7\.\d{1,3}$/;

/** Refusals by policy (5.7.x) of one receiver's domain spare the lane; those of five different ones in a row stop it. */
export class PolicyRefusals {
  readonly #domains = new Set<string>();

  /** The outcome with what it means for the lane. @param domain of the receiver */
  judge(outcome: Outcome, domain: string): Outcome {
    if (outcome.kind === 'accepted') {
      this.#domains.clear();
      return outcome;
    }
    if (outcome.category !== 'credential' || outcome.stopsLane || !POLICY.test(outcome.reason)) return outcome;
    if (this.#domains.size < DOMAINS_OF_THE_LANE) this.#domains.add(domain);
    return this.#domains.size < DOMAINS_OF_THE_LANE
      ? { ...outcome, sparesLane: true }
      : { ...outcome, stopsLane: true };
  }
}
