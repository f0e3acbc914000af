import { isObject } from '../kit/is-object.ts';

/** Targets that nothing more is sent to: those of a person who was erased. */
export interface Withdrawal {
  readonly app: string;
  /** Tokens and addresses, and endpoints of subscriptions. */
  readonly names: ReadonlySet<string>;
}

/** The endpoint where a target is the JSON of a subscription. */
function endpointOf(target: string): string | undefined {
  if (!target.startsWith('{')) return undefined;
  try {
    const subscription: unknown = JSON.parse(target);
    return isObject(subscription) && typeof subscription.endpoint === 'string' ? subscription.endpoint : undefined;
  } catch {
    return undefined;
  }
}

export const withdrawalOf = (app: string, targets: readonly string[]): Withdrawal => ({
  app,
  names: new Set(targets.flatMap((target) => [target, endpointOf(target) ?? target])),
});

/** Whether a target is one of these, in whatever form it was given. */
export function isWithdrawn({ names }: Withdrawal, target: string): boolean {
  if (names.has(target)) return true;
  const endpoint = endpointOf(target);
  return endpoint !== undefined && names.has(endpoint);
}
