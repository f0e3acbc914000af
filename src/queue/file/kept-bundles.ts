/** The bundles of a file, as a process finds them that has not written them. */
import type { DatabaseSync } from 'node:sqlite';
import { setBits } from '../../kit/bits.ts';
import { inTransaction } from '../../kit/files/sqlite-file.ts';
import { type Bundle, type BundleMember, decodeBundle, type Sums } from './bundle.ts';
import { formerRows, takeFormerApart } from './former/former-bundles.ts';
import { INSERT_RECORD, rowOf } from './record-check.ts';

interface KeptBundle extends Bundle {
  readonly slot: number;
}

export interface KeptBundles {
  /** As the file says it all in all. */
  readonly sums: Sums;
  /** By age, each with the members that have not gone. */
  readonly bundles: readonly KeptBundle[];
  /** Rows of which there is no telling what they hold. */
  readonly damaged: readonly { readonly slot: number; readonly body: Uint8Array }[];
}

const hasTable = (db: DatabaseSync): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'bundle'").get() !== undefined;

export function readBundles(db: DatabaseSync): KeptBundles {
  let { accepted, settled } = db.prepare('SELECT accepted, settled FROM totals').get() as unknown as Sums;
  const bundles: KeptBundle[] = [];
  const damaged: KeptBundles['damaged'][number][] = [];
  const gone = new Set<number>();
  // Files of older versions that are only read have no such table.
  const rows = hasTable(db) ? db.prepare('SELECT slot, body FROM bundle').all() : [];
  for (const { slot, body } of rows as unknown as { slot: number; body: Uint8Array }[]) {
    const bundle = decodeBundle(body);
    if (!bundle) {
      damaged.push({ slot, body });
      continue;
    }
    bundles.push({ ...bundle, slot });
    accepted = Math.max(accepted, bundle.sums.accepted);
    settled = Math.max(settled, bundle.sums.settled);
    for (const key of bundle.gone) gone.add(key);
  }
  bundles.sort((a, b) => a.sequence - b.sequence);
  return {
    sums: { accepted, settled },
    bundles: bundles.map((bundle) => ({ ...bundle, members: bundle.members.filter(({ key }) => !gone.has(key)) })),
    damaged,
  };
}

export const openMembers = ({ bundles }: KeptBundles): BundleMember[] => bundles.flatMap(({ members }) => members);

/** Takes the bundles apart that a killed process has left: each in a transaction of its own, which a nearly full disk has room for. */
export function takeBundlesApart(db: DatabaseSync): void {
  for (const row of formerRows(db)) inTransaction(db, () => takeFormerApart(db, row));
  const kept = readBundles(db);
  const { bundles, damaged } = kept;
  if (bundles.length + damaged.length === 0) return;
  const insert = db.prepare(INSERT_RECORD);
  const drop = db.prepare('DELETE FROM bundle WHERE slot = ?');
  const setSums = db.prepare('UPDATE totals SET accepted = ?, settled = ?');
  for (const { slot, members } of bundles)
    inTransaction(db, () => {
      for (const member of members) insert.run(...rowOf(member));
      setSums.run(kept.sums.accepted, kept.sums.settled);
      drop.run(slot);
    });
  if (damaged.length === 0) return;
  inTransaction(db, () => {
    const { last, pushes } = db.prepare(HELD).get() as { last: number; pushes: number };
    const open = pushes - settledWithin(db);
    // What the sums miss was in them. A record that cannot be read says so to hook and log.
    const missing = Math.max(damaged.length, kept.sums.accepted - kept.sums.settled - open);
    for (const [index, { slot, body }] of damaged.entries()) {
      const own = index === 0 ? missing - damaged.length + 1 : 1;
      const lost = {
        key: last + 1 + index,
        id: '',
        app: '',
        acceptedAt: 0,
        pushes: own,
        body,
        isDamaged: true,
      } as const;
      insert.run(...rowOf(lost));
      drop.run(slot);
    }
    setSums.run(Math.max(kept.sums.accepted, kept.sums.settled + open + missing), kept.sums.settled);
  });
}

const HELD = `
  SELECT max((SELECT ifnull(max(key), 0) FROM request), (SELECT ifnull(max(key), 0) FROM aside)) AS last,
    (SELECT ifnull(sum(pushes), 0) FROM request) AS pushes
`;

/** Pushes of requests that go on. */
function settledWithin(db: DatabaseSync): number {
  const rows = db.prepare('SELECT done FROM progress WHERE key IN (SELECT key FROM request)').all();
  return (rows as unknown as { done: Uint8Array }[]).reduce((sum, { done }) => sum + setBits(done), 0);
}
