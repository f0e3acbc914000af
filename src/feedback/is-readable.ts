import { isObject } from '../kit/is-object.ts';

/** Whether a body that an earlier process left is one that a hook can be sent. */
export function isReadable(body: string): boolean {
  try {
    return isObject(JSON.parse(body));
  } catch {
    return false;
  }
}
