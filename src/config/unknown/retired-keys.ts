import { environmentName, variablePrefixes } from '../schema.ts';

const SERVICE_ACCOUNT =
  'Google switched that API off in 2024. In the Firebase console: Project settings, Service accounts, Generate new private key; name the file in `android.key_path`';
const IOS_KEY =
  'since Gorush 1.5 one file, `ios.key_path`: a .pem with certificate and key, a .p12, or a .p8 with `ios.key_id` and `ios.team_id`';
const STREAM =
  'the Redis queue of 1.15 kept nothing; today it is a stream, `queue.redis.stream_name`, `.group` and `.consumer`';

/** Keys that files of older Gorush versions have and that nothing reads any more, with what is to be set instead. */
const RETIRED: Readonly<Record<string, string>> = {
  'android.apikey': SERVICE_ACCOUNT,
  'huawei.apikey': 'since Gorush 1.14 `huawei.appsecret`, beside `huawei.appid`',
  'ios.pem_cert_path': IOS_KEY,
  'ios.pem_key_path': IOS_KEY,
  'ios.pem_path': IOS_KEY,
  'queue.redis.channel': STREAM,
  'queue.redis.size': STREAM,
};

const byVariable: ReadonlyMap<string, string> = new Map(
  Object.entries(RETIRED).flatMap(([path, text]) =>
    variablePrefixes.map((prefix) => [prefix + environmentName(path), text] as const),
  ),
);

/** What to set instead of a key that only older versions knew; undefined for every other. Keys of an app count as those without it. */
export const insteadOfKey = (path: string): string | undefined => RETIRED[path.replace(/^apps\.[^.]+\./, '')];

/** As `insteadOfKey`, for the name of a variable. */
export const insteadOfVariable = (name: string): string | undefined => byVariable.get(name);

const FLAGS: Readonly<Record<string, string>> = { k: SERVICE_ACCOUNT, apikey: SERVICE_ACCOUNT };

/** As `insteadOfKey`, for a flag without its dashes. */
export const insteadOfFlag = (name: string): string | undefined => FLAGS[name];
