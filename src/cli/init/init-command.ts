import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NewKey } from '../../auth/new-key.ts';
import { loadConfig } from '../../host/config/load.ts';
import { ConfigError, toError } from '../../kit/errors.ts';
import { type Ask, type Choices, choose, type GivenChoices } from './choices.ts';
import { configText } from './config-text.ts';

export interface InitTask extends GivenChoices {
  /** The file to write. */
  readonly file: string;
  /** Overwrites it. */
  readonly force: boolean;
  /** Asks nothing. */
  readonly yes: boolean;
}

export interface InitOptions {
  readonly task: InitTask;
  readonly ask: Ask;
  readonly makeKey: () => NewKey;
  /** What to type for `martlet`. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly say: (line: string) => void;
}

const OWNER_ONLY = 0o600;
const KEY_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

function write(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { mode: OWNER_ONLY, flag: force ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new ConfigError('', `${path} is there already: --force overwrites it, or name another file`);
    throw new ConfigError('', `${path} cannot be written: ${toError(error).message}`, { cause: error });
  }
}

/** What is still to be mended before it can be started; undefined: nothing. */
function mistakesOf(path: string, { env, cwd }: Pick<InitOptions, 'env' | 'cwd'>): string | undefined {
  try {
    loadConfig({ path, env, cwd, tryCredentials: true });
    return undefined;
  } catch (error) {
    return toError(error).message;
  }
}

function pushLine({ port, sandbox, ios: { topic } }: Choices, key: string): string {
  const target = sandbox ? { tokens: ['a1b2c3d4'.repeat(8)] } : { tokens: ['TOKEN'] };
  const notification = { platform: 1, ...target, topic: topic || 'com.example.app', message: 'Hello' };
  const body = JSON.stringify({ notifications: [notification] });
  return `curl http://127.0.0.1:${port}/api/push -H 'Authorization: Bearer ${key}' -d '${body}'`;
}

/** `martlet init`: writes a configuration with comments and a key, and says what comes next. @throws ConfigError */
export async function init(options: InitOptions): Promise<void> {
  const { task, ask, makeKey, command, cwd, say } = options;
  const path = resolve(cwd, task.file);
  const choices = await choose(task, ask);
  if (!KEY_NAME.test(choices.keyName))
    throw new ConfigError('', 'the name of the key may have letters, digits, - and _');
  const { key, sha256 } = makeKey();
  write(path, configText(choices, sha256), task.force);
  const config = path === join(cwd, 'config.yml') ? '' : ` -c ${task.file}`;
  say(`wrote ${task.file}, which only you may read`);
  say(`\nThe API key of ${choices.keyName}; it is shown this once and stored nowhere:\n\n  ${key}`);
  const mistakes = mistakesOf(path, options);
  if (mistakes !== undefined) say(`\nStill to be mended in it:\n\n${mistakes.replaceAll(/^/gm, '  ')}`);
  say(
    `\nNext:\n\n  ${command} check${config}\n  ${command}${config}\n\nand from another terminal:\n\n  ${pushLine(choices, key)}`,
  );
}
