import { sql } from 'kysely';
import type { HubStore, HubTable } from '../../src/hub/storage/storage.ts';

/** Turns a character of what is sealed in the rows whose `key` is `value`. */
export const damage = (
  store: HubStore,
  table: HubTable,
  { column, key, value }: { readonly column: string; readonly key: string; readonly value: string | number },
): Promise<void> =>
  store.write(async (tx) => {
    const text = sql.ref(column);
    const other = sql`CASE WHEN substr(${text}, 51, 1) = 'A' THEN 'B' ELSE 'A' END`;
    const turned = sql`substr(${text}, 1, 50) || ${other} || substr(${text}, 52)`;
    await sql`UPDATE ${sql.table(table)} SET ${text} = ${turned} WHERE ${sql.ref(key)} = ${value}`.execute(tx);
  });
