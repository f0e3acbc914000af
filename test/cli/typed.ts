import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { toError } from '../../src/kit/errors.ts';
import type { MartletRun } from './run-martlet.ts';

function gathering(): { readonly stream: NodeJS.WriteStream; text(): string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

export interface TypedOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a folder without a configuration. */
  readonly cwd?: string;
}

/** `martlet …` without a process of its own, for commands that end by themselves. */
export async function typed(
  args: readonly string[],
  { env = {}, cwd = tmpdir() }: TypedOptions = {},
): Promise<MartletRun> {
  const [out, err] = [gathering(), gathering()];
  const ignored = (): void => {};
  const context: CliContext = {
    ...{ version: '0.0.0', command: 'martlet', env, cwd, home: cwd, isWorker: false },
    ...{ stdin: {} as NodeJS.ReadStream, stdout: out.stream, stderr: err.stream },
    say: (line) => void out.stream.write(`${line}\n`),
    ...{ onSignal: ignored, onDisconnect: ignored, onUncaught: ignored, onExit: ignored },
    exit: (code) => {
      throw new Error(`it ends with ${code}`);
    },
  };
  let code: number;
  try {
    code = (await runCommand(parseCommandLine(args), context)) ?? 0;
  } catch (error) {
    err.stream.write(`${toError(error).message}\n`);
    code = 1;
  }
  return { code, stdout: out.text(), stderr: err.text() };
}
