import type { HubDb } from '../storage/storage.ts';
import type { ExportedPart } from './person.ts';

const isPieces = (value: object): value is AsyncIterable<readonly unknown[]> => Symbol.asyncIterator in value;

/** One object of JSON, in pieces, of what the parts have of a person. */
export async function* exportText(
  parts: readonly ExportedPart[],
  db: HubDb,
  { app, user }: { readonly app: string; readonly user: string },
): AsyncGenerator<string> {
  let before = '{';
  for (const part of parts) {
    const exported = part.export?.(db, app, user);
    if (exported === undefined) continue;
    const name = `${before}${JSON.stringify(part.name)}:`;
    if (isPieces(exported)) {
      yield `${name}[`;
      yield* listText(exported);
      yield ']';
    } else {
      const value = await exported;
      if (value === undefined) continue;
      yield name + JSON.stringify(value);
    }
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

async function* listText(pieces: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  let before = '';
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    yield before + piece.map((row) => JSON.stringify(row)).join(',');
    before = ',';
  }
}
