import { GORUSH_VERSION } from '../kit/http/answer.ts';
import type { Command, Ran } from './command.ts';
import { namedCommands } from './commands.ts';
import { type CliContext, readConfig } from './context.ts';

/** Does what the command line asks for. @throws Error whose message is for the person who typed it: exit code 1 */
export async function runCommand(command: Command, context: CliContext): Promise<Ran> {
  switch (command.kind) {
    case 'serve': {
      const { serve } = await import('./serve.ts');
      return serve(command, context);
    }
    case 'ping': {
      const { ping } = await import('./ping.ts');
      return (await ping(readConfig(command, 'ping', context).config)) ? 0 : 1;
    }
    case 'version':
      context.say(`GoRush ${GORUSH_VERSION}, Commit: martlet ${context.version}`);
      return undefined;
    case 'help':
      context.stdout.write(command.text);
      return undefined;
    case 'usage-error':
      context.stderr.write(`${command.message}\n`);
      return 2;
    default: {
      const { run } = namedCommands[command.kind] as { run: (command: Command, context: CliContext) => Promise<Ran> };
      return run(command, context);
    }
  }
}
