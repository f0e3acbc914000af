import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { People } from '../../src/hub/people/people.ts';

/** An export of a person as a value; undefined: there is no such person. */
export async function exportOf(people: People, app: string, id: string): Promise<Record<string, unknown> | undefined> {
  const pieces = await people.exportText(app, id);
  return pieces && JSON.parse(await text(Readable.from(pieces)));
}
