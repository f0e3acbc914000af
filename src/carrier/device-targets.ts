/** Why a target can belong to no device. Completes "token …"; never holds the target. */
export interface TargetFault {
  /** Within a subscription, dotted: `keys.auth`. Absent: the whole. */
  readonly field?: string;
  readonly why: string;
}

/** What devices of a platform are registered with, and known by; a part of the provider's row. Only form is looked at. */
export interface DeviceTargets<Values> {
  /** What a device can be registered for; the first is the usual one. */
  readonly kinds: readonly [string, ...string[]];
  /** Devices give a push subscription, an object: the target that it is. Default: they give a token. */
  ofSubscription?(given: Readonly<Record<string, unknown>>): string;
  /** @param section of the app; undefined where it has none */
  fault(target: string, section: Values | undefined): TargetFault | undefined;
  /** What two targets have in common that reach the same device. Default: the target. */
  identity?(target: string, section: Values | undefined): string;
  /** A target that is no secret: whose it is cannot be proven by knowing it. Default: none is. */
  isGuessable?(target: string): boolean;
}

/** What both of Google and Huawei promise of a token: printable characters without blanks. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** A token of which nothing is known but that it is one word. @param most characters */
export const opaqueToken = (token: string, most: number): TargetFault | undefined =>
  token.length <= most && VISIBLE.test(token)
    ? undefined
    : { why: `must have 1 to ${most} visible ASCII characters without blanks` };
