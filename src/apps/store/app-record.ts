import { randomUUID } from 'node:crypto';
import { isObject } from '../../kit/is-object.ts';
import type { AppSettings } from '../../providers/registry.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import { projectOf } from '../file-apps.ts';
import { withoutSecrets } from '../without-secrets.ts';
import type { CheckedSettings } from './check-settings.ts';
import type { MasterKeys } from './master-keys.ts';
import { seal, sealedWith, unseal } from './seal.ts';

/** What a store keeps of an app, as JSON. Only `sealed` holds secrets; the rest is for choosing, listing and telling. */
export interface AppRecord {
  readonly format: 1;
  /** Another one whenever the settings are others; not when only the master key is. */
  readonly edition: string;
  /** ISO 8601 */
  readonly updated_at: string;
  readonly shown: AppSettings;
  readonly facts: CheckedSettings['facts'];
  readonly webhook?: WebhookFacts;
  readonly topics: readonly string[];
  readonly project?: string;
  /** By section of the settings; what is in none is in `app`. */
  readonly sealed: { readonly [part: string]: string };
}

/** What may be shown of a webhook: its path and its headers often hold secrets. */
export interface WebhookFacts {
  readonly origin: string;
  readonly headers: readonly string[];
  readonly secrets: number;
}

/** What is sealed by itself: the sections of providers, and the webhook. */
const sectionsOf = ({ platforms }: ProviderTable): readonly string[] => [...platforms, 'webhook'];
const REST = 'app';

function webhookFacts({ webhook }: AppSettings): WebhookFacts | undefined {
  if (!webhook) return undefined;
  const headers = (webhook.headers ?? []).map((line) => line.slice(0, Math.max(0, line.indexOf(':'))).trim());
  return {
    origin: URL.parse(webhook.url ?? '')?.origin ?? '',
    headers: headers.filter((name) => name !== ''),
    secrets: webhook.secret?.length ?? 0,
  };
}

/** The settings in the parts that are sealed one by one. */
function partsOf(settings: AppSettings, providers: ProviderTable): Record<string, object> {
  const apart = new Set(sectionsOf(providers));
  const given = Object.entries(settings as Readonly<Record<string, unknown>>);
  const sections = given.filter((part): part is [string, object] => apart.has(part[0]) && part[1] !== undefined);
  return { ...Object.fromEntries(sections), [REST]: Object.fromEntries(given.filter(([name]) => !apart.has(name))) };
}

const sealAll = (app: string, parts: Record<string, string>, keys: MasterKeys): AppRecord['sealed'] =>
  Object.fromEntries(Object.entries(parts).map(([part, text]) => [part, seal(text, { app, part }, keys[0])]));

const openAll = (app: string, { sealed }: AppRecord, keys: MasterKeys | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(sealed).map(([part, text]) => [part, unseal(text, { app, part }, keys)]));

/** @param now UNIX milliseconds */
export function sealRecord(
  app: string,
  settings: AppSettings,
  facts: CheckedSettings['facts'],
  keys: MasterKeys,
  now: number,
  providers: ProviderTable = builtIn,
): AppRecord {
  const parts = Object.entries(partsOf(settings, providers)).map(
    ([part, value]) => [part, JSON.stringify(value)] as const,
  );
  const webhook = webhookFacts(settings);
  const project = projectOf(settings, providers);
  return {
    format: 1,
    edition: randomUUID(),
    updated_at: new Date(now).toISOString(),
    shown: withoutSecrets(settings, providers),
    facts,
    ...(webhook ? { webhook } : {}),
    topics: settings.default_topic ? [settings.default_topic] : [],
    ...(project === undefined ? {} : { project }),
    sealed: sealAll(app, Object.fromEntries(parts), keys),
  };
}

/** Platforms whose credential a notification can name instead of the app. */
export const chosenByProviders = ({ rows }: ProviderTable): string[] =>
  rows.filter(({ settings }) => settings.chosenAs).map(({ platform }) => platform);

/**
 * The record, chosen by no topic and no project that it was not chosen by before, unless the change states it.
 * @param stated keys of the settings that the change is about, and whose sender may have pushes of others led here
 */
export function chosenAsBefore(
  { topics, project, ...record }: AppRecord,
  before: AppRecord | undefined,
  stated: readonly string[],
  providers: ProviderTable = builtIn,
): AppRecord {
  const isStated = chosenByProviders(providers).some((platform) => stated.includes(platform));
  const isOurs = isStated || project === before?.project;
  return {
    ...record,
    topics: stated.includes('default_topic') ? topics : topics.filter((topic) => before?.topics.includes(topic)),
    ...(project !== undefined && isOurs ? { project } : {}),
  };
}

/** The settings with their secrets. @throws MasterKeyError */
export function openRecord(app: string, record: AppRecord, keys: MasterKeys | undefined): AppSettings {
  const { [REST]: rest = '{}', ...parts } = openAll(app, record, keys);
  const sections = Object.entries(parts).map(([name, text]) => [name, JSON.parse(text) as object] as const);
  return { ...(JSON.parse(rest) as object), ...Object.fromEntries(sections) } as AppSettings;
}

/** The same, sealed with the first key. @throws MasterKeyError */
export const resealRecord = (app: string, record: AppRecord, keys: MasterKeys): AppRecord => ({
  ...record,
  sealed: sealAll(app, openAll(app, record, keys), keys),
});

/** Ids of the master keys that its parts are sealed with. */
export const masterKeysOf = ({ sealed }: AppRecord): string[] => [...new Set(Object.values(sealed).map(sealedWith))];

/** @throws SyntaxError when the text is no record of ours. */
export function readRecord(text: string): AppRecord {
  const record: unknown = JSON.parse(text);
  if (!isRecord(record)) throw new SyntaxError('not the record of an app');
  return record as unknown as AppRecord;
}

const areTexts = (values: readonly unknown[]): boolean => values.every((value) => typeof value === 'string');

function isRecord(record: unknown): boolean {
  if (!isObject(record) || record.format !== 1) return false;
  const { edition, shown, facts, topics, sealed } = record;
  const isFilled = areTexts([edition]) && isObject(shown) && isObject(facts) && Object.values(facts).every(isObject);
  return isFilled && Array.isArray(topics) && areTexts(topics) && isObject(sealed) && areTexts(Object.values(sealed));
}
