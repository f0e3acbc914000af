import { idFault } from '../../../kit/text/id-fault.ts';
import { HubRefusal, unprocessable } from '../hub-refusal.ts';
import type { HubRequest } from '../hub-route.ts';

/**
 * Whose devices a request is about: the person whose token it is, else the one that a back end names.
 * @throws HubRefusal when another person is named, or none
 */
export function personOf({ person }: Pick<HubRequest, 'person'>, named: unknown, path = 'user_id'): string {
  if (person !== undefined) {
    if (named !== undefined && named !== null && named !== person)
      throw new HubRefusal('forbidden', 'the token of a person is not for this');
    return person;
  }
  const reason = named === undefined || named === null ? 'is required with a key' : idFault(named);
  if (reason !== undefined) throw unprocessable({ path, reason });
  return named as string;
}
