import type { ProviderTable } from '../../providers/registry.ts';
import type { Commands } from '../command.ts';
import type { WithConfig } from '../config-flags.ts';
import type { FlagValues } from '../flag.ts';

/** The push that flags describe; undefined: they name no platform. Gorush sends to the first of android, huawei and ios. */
export function sendOf(
  values: FlagValues,
  providers: ProviderTable,
): Omit<Commands['send'], keyof WithConfig> | undefined {
  const inFile = Object.keys(providers.configSchema.root.properties);
  const row = inFile.map((name) => providers.ofPlatform(name)).find((each) => each && values.get(each.platform));
  if (!row) return undefined;
  const text = (name: string): string => String(values.get(name) ?? '');
  const fields = { topic: text('topic'), message: text('m'), title: text('title') };
  const token = text('t');
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const notification = { platform: row.number, tokens: token === '' ? [] : [token], ...given };
  return { platform: row.platform, notification };
}

/** Why a push from the command line cannot be sent at all, in Gorush's words; undefined when it can. Exit code 1. */
export function sendMistake(
  { platform, notification }: Commands['send'],
  providers: ProviderTable,
): string | undefined {
  const takesTopic = providers.ofPlatform(platform)?.requests.topic === 'target';
  if (notification.tokens.length > 0 || (takesTopic && notification.topic !== undefined)) return undefined;
  const text = 'please provide at least one device token';
  const log = platform === 'android' ? `request error: ${text}\n` : '';
  return `${log}Failed to send notification: ${text} (-t)`;
}
