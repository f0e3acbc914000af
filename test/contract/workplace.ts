import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import type { Bench } from './bench.ts';
import { type CorpusCase, type Fields, isFields, merge, type Tree } from './corpus-case.ts';

/** Where one server or command runs: its folder, files, environment, and the values of the corpus's placeholders. */
export interface Workplace {
  readonly dir: string;
  readonly port: number;
  readonly port2: number;
  /** Path of the config file; it is not there when the case has none. */
  readonly configPath: string;
  /** The configuration as written, for what a runner must know of it; empty where it was given as text. */
  readonly config: Fields;
  /** The case's own variables, and those that lead the relay to the stand-ins. */
  readonly env: Readonly<Record<string, string>>;
  fill(text: string): string;
}

/**
 * Settings that the corpus does not know. They come by environment, so that a case's own file stays as it is, and make
 * retries quick.
 */
function settings({ providers, credentials }: Bench, dir: string): Record<string, string> {
  const { origins } = providers;
  return {
    MARTLET_CORE_CA_PATH: join(credentials.path, 'ca.pem'),
    MARTLET_IOS_ENDPOINT: origins['api.push.apple.com'],
    MARTLET_IOS_SANDBOX_ENDPOINT: origins['api.sandbox.push.apple.com'],
    MARTLET_ANDROID_ENDPOINT: origins['fcm.googleapis.com'],
    MARTLET_HUAWEI_ENDPOINT: origins['push-api.cloud.huawei.com'],
    MARTLET_HUAWEI_AUTH_ENDPOINT: origins['oauth-login.cloud.huawei.com'],
    MARTLET_QUEUE_LOCAL_PATH: join(dir, 'queue.db'),
    MARTLET_QUEUE_BACKOFF: '0.02',
    MARTLET_QUEUE_BACKOFF_MAX: '0.1',
  };
}

const fillTree = (fill: (text: string) => string, tree: Tree): Tree => {
  if (typeof tree === 'string') return fill(tree);
  if (Array.isArray(tree)) return tree.map((item) => fillTree(fill, item));
  if (!isFields(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, fillTree(fill, value)]));
};

export async function makeWorkplace(bench: Bench, one: CorpusCase, base: Fields): Promise<Workplace> {
  const { credentials, providers } = bench;
  const dir = mkdtempSync(join(credentials.path, 'run-'));
  const configPath = join(dir, 'config.yml');
  const [port, port2] = [await freePort(), await freePort()];
  const values: Readonly<Record<string, string>> = {
    port: String(port),
    port2: String(port2),
    tmp: dir,
    creds: credentials.path,
    hook: providers.hookUrl,
    config: configPath,
  };
  const fill = (text: string): string =>
    text
      .replaceAll(/\{(port2?|tmp|creds|hook|config)\}/g, (_, name: string) => values[name] as string)
      .replaceAll(/\{(base64|text):([\w.-]+)\}/g, (_, how: string, file: string) =>
        readFileSync(join(credentials.path, file)).toString(how === 'base64' ? 'base64' : 'utf8'),
      );
  const config = fillTree(fill, merge(base, one.config ?? {})) as Fields;
  mkdirSync(dir, { recursive: true });
  if (one.config !== null)
    writeFileSync(configPath, one.configRaw === undefined ? stringify(config) : fill(one.configRaw));
  for (const [name, text] of Object.entries(one.files ?? {})) writeFileSync(join(dir, name), fill(text));
  const own = fillTree(fill, one.env ?? {}) as Record<string, string>;
  return { dir, port, port2, configPath, config, env: { ...settings(bench, dir), ...own }, fill };
}
