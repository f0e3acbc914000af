import { type NamedCommand, namedCommands } from '../../src/cli/commands.ts';
import type { Flag } from '../../src/cli/flag.ts';
import { flagGroupsOf, typedFlag } from '../../src/cli/flags.ts';
import { flagsOf, rowOf } from '../../src/cli/usage.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { cell } from './cell.ts';

const HEAD = `# The command line

<!-- Generated from src/cli/rows by \`npm run docs\`. -->

\`martlet\` alone serves, and \`martlet --ios …\` sends one push and ends, both with Gorush's flags: one dash or two, \`-flag=value\` or \`-flag value\`, the last of equal
flags counts. A word makes it another command. Flags may stand before the word or after it, and those of the configuration (\`-c\`, \`-p\`, …) work with every command that reads
it. \`martlet --help\` shows all of it, \`martlet <command> --help\` one command.

- **Where it is:** the package brings \`martlet\`, a checkout has \`bin/martlet\`, and \`npm start\` prints which to type.
- **Exit codes:** 0 is good, 1 is not, 2 is a command line that cannot be used. What is good and bad of each command is below.
- **What goes where:** results go to stdout, errors and counts to stderr. With \`--json\` stdout is JSON: a document for one thing, a line for each of a list.
- **Whom a command asks:** what pushes and people are doing is asked of the running relay over HTTP: \`explain\`, \`tail\`, \`users\`, \`devices\`. It is the relay of the configuration, on this machine; \`--url\`
  names another, \`--key\` or \`MARTLET_API_KEY\` gives the key (a key on the command line is seen by others on the machine: \`ps\`). What belongs to this machine is read where it lies, whether a
  relay runs or not: \`queue\`, \`apps\`, and \`devices export --with-tokens\`, because a relay shows a token to no one.
  \`send\` asks no relay: it sends by itself with the credentials of the configuration, so that neither the console nor \`tail\` shows it.
`;

const row = (flag: Flag): string => `| \`${typedFlag(flag)}\` | ${cell(flag.help)} |`;

const table = (flags: readonly Flag[]): string[] => ['| flag | |', '|---|---|', ...flags.map(row)];

function section(name: NamedCommand): string[] {
  const { usage, examples, ends } = rowOf(name);
  const flags = flagsOf(name);
  return [
    `## martlet ${name}`,
    '',
    '| | |',
    '|---|---|',
    ...usage.map(([typed, does]) => `| \`martlet ${typed.replaceAll('|', '\\|')}\` | ${cell(does)} |`),
    '',
    ...(flags.length > 0 ? [...table(flags), ''] : []),
    '```sh',
    ...examples.map(([line, does]) => `${line} # ${does}`),
    '```',
    '',
    `0: ${ends.good}.${ends.bad === undefined ? '' : ` 1: ${ends.bad}.`}`,
    '',
  ];
}

/** docs/cli.md */
export function cliPage(): string {
  const commands = (Object.keys(namedCommands) as NamedCommand[]).flatMap(section);
  const groups = Object.entries(flagGroupsOf(builtIn)).flatMap(([title, flags]) => [
    `### ${title}`,
    '',
    ...table(flags),
    '',
  ]);
  return `${[HEAD, ...commands, '## Flags', '', ...groups].join('\n').trimEnd()}\n`;
}
