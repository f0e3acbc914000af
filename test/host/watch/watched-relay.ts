import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/host/config/load.ts';
import { startServer } from '../../../src/host/server.ts';
import { createLog } from '../../../src/observe/log/log.ts';

type Part = Readonly<Record<string, unknown>>;

/** A line of the log, JSON. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

const p8 = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);

export const IOS: Part = {
  enabled: true,
  production: true,
  key_base64: Buffer.from(p8).toString('base64'),
  key_type: 'p8',
  key_id: 'ABC123DEFG',
  team_id: 'DEF123GHIJ',
};

export const android = (tokenUri: string): Part => ({
  credential: JSON.stringify({
    type: 'service_account',
    project_id: 'p',
    private_key_id: 'kid1',
    client_email: 'push@p.example',
    private_key: rsa,
    token_uri: tokenUri,
  }),
});

export const HUAWEI: Part = { enabled: true, appid: '100001', appsecret: 'secret' };

/** A folder that is removed with the test. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'watched-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A relay in this process, and what its log says. @param sections of config.yml */
export async function startWatched(sections: Readonly<Record<string, Part>>, folder = ownFolder()) {
  const { core = {}, queue = {}, ...others } = sections;
  const file = join(folder, 'config.yml');
  const merged = {
    android: { enabled: false },
    log: { format: 'json', hide_token: true },
    ...others,
    core: { address: '127.0.0.1', shutdown_timeout: 0, ...core },
    queue: { backoff: 0.02, backoff_max: 0.05, local: { path: '' }, ...queue },
  };
  writeFileSync(file, JSON.stringify(merged));
  const { config: loaded } = loadConfig({ path: file, env: {}, cwd: folder, home: folder });
  const config = { ...loaded, core: { ...loaded.core, port: '0' } };
  let output = '';
  const sink = {
    write(text: string) {
      output += text;
    },
  };
  const log = createLog(config.log, { stdout: sink, stderr: sink });
  const server = await startServer({ config, version: '0', log });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= server.close());
  onTestFinished(close);
  return {
    close,
    folder,
    /** All lines so far that tell `what`. */
    lines(what: string | RegExp): LogLine[] {
      log.flush();
      const all = output.split('\n').filter((line) => line.startsWith('{'));
      return all.map((line) => JSON.parse(line) as LogLine).filter(({ msg }) => msg?.match(what));
    },
    /** The status of a GET. */
    async status(path: string): Promise<number> {
      return (await fetch(server.url + path)).status;
    },
    async push(...notifications: Part[]): Promise<number> {
      const { status } = await fetch(`${server.url}/api/push`, {
        method: 'POST',
        body: JSON.stringify({ notifications }),
      });
      return status;
    },
  };
}
