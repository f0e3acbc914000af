/**
 * The table of providers. What knows all of them reads it, or is given one: tests add a provider by `providerTable([...providers,
 * fake])`. Adding one: docs/architecture.md, "How to add a provider".
 */
import { apns } from '../apns/provider.ts';
import type { ProviderRow } from '../carrier/provider-row.ts';
import { type ConfigOf, type ConfigSchema, createConfigSchema } from '../config/schema.ts';
import { email } from '../email/provider.ts';
import { expo } from '../expo/provider.ts';
import { fcm } from '../fcm/provider.ts';
import { hms } from '../hms/provider.ts';
import { ntfy } from '../ntfy/provider.ts';
import { createPushDecoder, type PushDecoder } from '../push/wire/decode-push-request.ts';
import type { Decode } from '../push/wire/decoding.ts';
import { sharedFields } from '../push/wire/shared-fields.ts';
import { slack } from '../slack/provider.ts';
import { sms } from '../sms/provider.ts';
import { web } from '../webpush/provider.ts';

/** In the order of their numbers. */
export const providers = [apns, fcm, hms, web, expo, ntfy, email, sms, slack] as const;

type Row = (typeof providers)[number];

/** The whole configuration, with the sections of the providers of this version. */
export type FullConfig = ConfigOf<{ readonly [Each in Row as Each['platform']]: Each['section'] }>;

/** What an app sets itself; it lies over the flat sections of the configuration, key by key. Secrets included. */
export type AppSettings = FullConfig['apps']['named'][string];

/** Rows, the ways to find one, and what is made of all of them. */
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
  /** With the sections of these providers. */
  readonly configSchema: ConfigSchema<FullConfig>;
  /** Reads requests with the fields of these providers. */
  readonly decoder: PushDecoder;
}

/** @throws Error when two rows have a number, a name or a request field in common */
export function providerTable(rows: readonly ProviderRow[]): ProviderTable {
  const byNumber = indexed(rows, 'number');
  const byPlatform = indexed(rows, 'platform');
  const byName = indexed(rows, 'name');
  const sections = rows.toSorted(asInFile).map(({ platform, section }) => [platform, section]);
  return {
    rows,
    platforms: rows.map(({ platform }) => platform),
    numbered: (number) => byNumber.get(number),
    ofPlatform: (platform) => byPlatform.get(platform),
    named: (name) => byName.get(name),
    configSchema: createConfigSchema(Object.fromEntries(sections)),
    decoder: createPushDecoder({ platforms: numbersOf(rows), fields: fieldsOf(rows) }),
  };
}

/** Gorush's three in the order of its file, then ours by their numbers. */
const asInFile = (a: ProviderRow, b: ProviderRow): number =>
  Math.max(a.number, 3) - Math.max(b.number, 3) || (a.platform < b.platform ? -1 : 1);

function indexed<Key extends 'number' | 'platform' | 'name'>(rows: readonly ProviderRow[], key: Key) {
  const index = new Map<ProviderRow[Key], ProviderRow>();
  for (const row of rows) {
    if (index.has(row[key])) throw new Error(`two providers have the ${key} ${row[key]}`);
    index.set(row[key], row);
  }
  return index;
}

const numbersOf = (rows: readonly ProviderRow[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ platform, number }) => [platform, number]));

/** The shared fields that any of them reads, and those of one provider alone. */
function fieldsOf(rows: readonly ProviderRow[]): Record<string, Decode> {
  const read = new Set<string>(rows.flatMap(({ requests }) => requests.reads));
  const fields: Record<string, Decode> = Object.fromEntries(
    Object.entries(sharedFields).filter(([name]) => read.has(name)),
  );
  for (const { requests } of rows)
    for (const [name, { decode }] of Object.entries(requests.fields ?? {})) {
      if (name in fields) throw new Error(`two providers have the request field ${name}`);
      fields[name] = decode;
    }
  return fields;
}

/** The providers of this version. */
export const builtIn: ProviderTable = providerTable(providers);
