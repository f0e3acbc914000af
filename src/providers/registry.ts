/**
 * The table of providers. What knows all of them reads it, or is given one: tests add a provider by `providerTable([...providers,
 * fake])`. Adding one: docs/architecture.md, "How to add a provider".
 */
import { apns } from '../apns/provider.ts';
import type { ProviderRow } from '../carrier/provider-row.ts';
import { fcm } from '../fcm/provider.ts';
import { hms } from '../hms/provider.ts';

/** In the order of their numbers. */
export const providers = [apns, fcm, hms] as const;

/** Rows, and the ways to find one. */
export interface ProviderTable {
  readonly rows: readonly ProviderRow[];
  /** Names of the platforms, in the order of the rows. */
  readonly platforms: readonly string[];
  /** By `platform` of a request. */
  numbered(number: number): ProviderRow | undefined;
  /** By the name of the platform, `ios`. */
  ofPlatform(platform: string): ProviderRow | undefined;
  /** By the name of the provider, `apns`. */
  named(name: string): ProviderRow | undefined;
}

/** @throws Error when two rows have a number, a name or a request field in common */
export function providerTable(rows: readonly ProviderRow[]): ProviderTable {
  const byNumber = indexed(rows, 'number');
  const byPlatform = indexed(rows, 'platform');
  const byName = indexed(rows, 'name');
  return {
    rows,
    platforms: rows.map(({ platform }) => platform),
    numbered: (number) => byNumber.get(number),
    ofPlatform: (platform) => byPlatform.get(platform),
    named: (name) => byName.get(name),
  };
}

function indexed<Key extends 'number' | 'platform' | 'name'>(rows: readonly ProviderRow[], key: Key) {
  const index = new Map<ProviderRow[Key], ProviderRow>();
  for (const row of rows) {
    if (index.has(row[key])) throw new Error(`two providers have the ${key} ${row[key]}`);
    index.set(row[key], row);
  }
  return index;
}

/** The providers of this version. */
export const builtIn: ProviderTable = providerTable(providers);
