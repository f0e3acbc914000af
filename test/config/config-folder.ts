import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { type LoadOptions, loadConfig } from '../../src/host/config/load.ts';

/** A working folder with these files, gone when the test ends. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** `{'core.port': 1}` as YAML with sections. */
export function yamlOf(values: Readonly<Record<string, unknown>>): string {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const parts = path.split('.');
    let at = root;
    for (const part of parts.slice(0, -1)) {
      at[part] ??= {};
      at = at[part] as Record<string, unknown>;
    }
    at[parts.at(-1)!] = value;
  }
  return stringify(root);
}

/** Loads a config.yml with this text; platforms are simulated unless the text says otherwise, so that nothing else is missing. */
export const load = (yaml: string, options: Partial<LoadOptions> = {}) =>
  loadConfig({
    env: { MARTLET_SANDBOX_ENABLED: 'true', ...options.env },
    cwd: options.cwd ?? folderWith({ 'config.yml': yaml, 'key.p8': 'key', 'key.json': '{}' }),
    ...(options.flags ? { flags: options.flags } : {}),
    ...(options.purpose ? { purpose: options.purpose } : {}),
    cpus: 4,
  });

/** The message of what loading throws. */
export function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
