import { ConfigError } from '../../kit/errors.ts';
import type { PushesFor } from '../../queue/file/file-format.ts';
import type { HubDb } from './storage.ts';

export interface StoreClaim {
  /** Absent: what opens the store sends nothing of it. */
  readonly pushesFor?: PushesFor | undefined;
  /** What names the store, for the mistake. */
  readonly key: 'hub.path' | 'hub.postgres';
}

const PUSHES_FOR = 'pushes_for';
/** What sends, or is sent to. */
const TABLES = ['users', 'devices', 'notifications', 'incidents', 'tasks', 'schedules'] as const;

/**
 * Says whom the pushes of a store are for from now on, in the transaction that opens it. What waits for real people must not end at
 * simulated providers, nor the reverse. A PostgreSQL that does not say is taken to be of real people; a file is of those who opened it,
 * as the sandbox has a name of its own for it.
 * @throws ConfigError when it holds anything for others
 */
export async function claimStore(tx: HubDb, { pushesFor, key }: StoreClaim): Promise<void> {
  if (pushesFor === undefined) return;
  const row = await tx.selectFrom('meta').select('value').where('key', '=', PUSHES_FOR).executeTakeFirst();
  const owner = row?.value ?? (key === 'hub.postgres' ? 'providers' : pushesFor);
  if (owner !== pushesFor && (await holdsAnything(tx))) throw new ConfigError(key, heldForOthers(pushesFor));
  if (row?.value === pushesFor) return;
  await tx
    .insertInto('meta')
    .values({ key: PUSHES_FOR, value: pushesFor })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: pushesFor }))
    .execute();
}

async function holdsAnything(tx: HubDb): Promise<boolean> {
  for (const table of TABLES) if (await tx.selectFrom(table).select('app').limit(1).executeTakeFirst()) return true;
  return false;
}

const heldForOthers = (pushesFor: PushesFor): string =>
  pushesFor === 'sandbox'
    ? 'the store holds people or notifications for real providers, which the sandbox would only pretend to send to: start with sandbox.enabled: false, or name another store'
    : 'the store holds people or notifications of a sandbox, which are no real ones: start with sandbox.enabled: true, or name another store';
