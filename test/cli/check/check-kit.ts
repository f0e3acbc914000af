import { stringify } from 'yaml';
import { type CheckOptions, checkConfig } from '../../../src/cli/check/check-config.ts';
import { loadConfig } from '../../../src/host/config/load.ts';
import { folderWith } from '../../tls/tls-kit.ts';

export interface Checked {
  readonly ok: boolean;
  readonly lines: readonly string[];
  /** What was tried, by key: `ok …`, `warn …`, `FAIL …`, without its place in the file. */
  readonly tried: Readonly<Record<string, string>>;
}

/** `martlet check` of a configuration; texts are YAML. Paths in it are kept as they are: give absolute ones. */
export async function checked(config: object | string, options: Partial<CheckOptions> = {}): Promise<Checked> {
  const cwd = folderWith({ 'config.yml': typeof config === 'string' ? config : stringify(config) });
  const lines: string[] = [];
  const load = () => loadConfig({ path: `${cwd}/config.yml`, env: {}, cwd });
  const ok = await checkConfig(load, { env: {}, say: (line) => void lines.push(line), ...options });
  const rows = lines.flatMap(
    (line) => /^ {2}(ok|warn|FAIL) +(\S+): (.*?)(?: \[config\.yml:\d+:\d+\])?$/s.exec(line) ?? [],
  );
  const tried = Object.fromEntries(
    Array.from({ length: rows.length / 4 }, (_, i) => [rows[i * 4 + 2], `${rows[i * 4 + 1]} ${rows[i * 4 + 3]}`]),
  );
  return { ok, lines, tried };
}
