import { isObject } from '../is-object.ts';
/**
 * What anyone on the way may say instead of the peer: a proxy, a gateway, a captive portal. Each provider looks here for the form of
 * its answers; an answer without it is no verdict about a push or a credential.
 */

/** The JSON object of a body; undefined when it is not one. */
export function jsonObjectIn(body: Buffer | string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True for a status that says "later" from any server (RFC 9110 section 15). */
export const saysLater = (status: number): boolean => status === 408 || status === 429 || status >= 500;
