import { parsed, type Reader } from '../../kit/json/readers.ts';
import { idFault } from '../../kit/text/id-fault.ts';

/** An id of a person, a device, a notification, or a name of a team, role or topic. */
export const id: Reader<string> = parsed(
  (text) => (idFault(text) === undefined ? text : undefined),
  'an id: 1 to 256 characters without control characters, not . or ..',
);
