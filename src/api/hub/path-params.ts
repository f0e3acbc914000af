import { idFault } from '../../kit/text/id-fault.ts';
import { HubRefusal, unprocessable } from './hub-refusal.ts';

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HubRefusal('invalid', 'the path has escapes that are not UTF-8');
  }
}

/** The ids in a path. @throws HubRefusal for what is no id */
export function pathParams(raw: Readonly<Record<string, string>>): Record<string, string> {
  const params = Object.entries(raw).map(([name, segment]) => [name, decoded(segment)] as const);
  const faults = params.flatMap(([path, id]) => {
    const reason = idFault(id);
    return reason === undefined ? [] : [{ path, reason }];
  });
  if (faults.length > 0) throw unprocessable(...faults);
  return Object.fromEntries(params);
}
