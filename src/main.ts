#!/usr/bin/env -S node --max-semi-space-size=8 --disable-sigusr1 --use-system-ca
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import { isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { parseCommandLine } from './cli/command-line.ts';
import type { CliContext } from './cli/context.ts';
import { ownCommand } from './cli/own-command.ts';
import { runCommand } from './cli/run-command.ts';
import { toError } from './kit/errors.ts';
import { readOwnFile } from './kit/files/own-file.ts';

const { version } = JSON.parse(readOwnFile(new URL('../package.json', import.meta.url))) as {
  version: string;
};

// Settings may come from the environment, keys among them; a report of a crash is often sent to others.
process.report.excludeEnv = true;

/**
 * Node opens its debugger on SIGUSR1, and a debugger reads all keys and runs any code. Where the process was started without
 * `--disable-sigusr1`, a listener takes the signal from Node.
 */
process.on('SIGUSR1', () => {});

const { stdout, stderr } = process;
// The launcher's word to us alone (bin/martlet): no setting.
const { MARTLET_COMMAND: calledAs, ...env } = process.env;

// A worker has a channel to its primary; others need not load what makes workers.
const isWorker = process.channel !== undefined && process.getBuiltinModule('node:cluster').isWorker;

// Node starts a worker with the path of a script before its words, which the executable has none of.
const words = process.argv.slice(isSea() && isWorker ? 3 : 2);

// What read them may be gone (`martlet check | head`): the rest is lost, which is no reason to end otherwise than meant.
for (const stream of [stdout, stderr]) stream.on('error', () => {});

/** The executable is `martlet` itself. */
function launcher(): string | undefined {
  if (isSea()) return process.execPath;
  const path = fileURLToPath(new URL('../bin/martlet', import.meta.url));
  return existsSync(path) ? path : undefined;
}

const context: CliContext = {
  ...{ version, env, stdout, stderr },
  command: ownCommand({ calledAs, launcher: launcher(), cwd: process.cwd(), searchPath: env.PATH }),
  // Opened by those who read it.
  get stdin() {
    return process.stdin;
  },
  cwd: process.cwd(),
  home: homedir(),
  isWorker,
  say: (line) => void stdout.write(`${line}\n`),
  onSignal: (signal, listener) => void process.on(signal, listener),
  onDisconnect: (listener) => void process.on('disconnect', listener),
  onUncaught: (listener) => void process.on('uncaughtException', listener),
  onExit: (listener) => void process.on('exit', listener),
  exit: (code) => process.exit(code),
};

async function main(): Promise<void> {
  const code = await runCommand(parseCommandLine(words), context);
  if (code !== undefined) process.exitCode = code;
}

// Nothing waits at the top of a module: the executable has this one as CommonJS.
main().catch((error: unknown) => {
  stderr.write(`${toError(error).message}\n`);
  process.exit(1);
});
