import type { CommandRow } from '../command.ts';
import type { CliContext } from '../context.ts';
import { type FlagValues, textOf } from '../flag.ts';
import type { InitTask } from '../init/init-command.ts';

const FILE = 'config.yml';

const isOn = (values: FlagValues, name: string): boolean | undefined =>
  values.has(name) ? values.get(name) === true : undefined;

/** Asks on a terminal; without one, or with --yes, what no flag says has its default. */
async function asking({ yes }: InitTask, { stdin, stdout }: Pick<CliContext, 'stdin' | 'stdout'>) {
  const [{ takeDefaults }, { terminalAsk }] = await Promise.all([
    import('../init/choices.ts'),
    import('../init/terminal-ask.ts'),
  ]);
  if (yes || !stdin.isTTY || !stdout.isTTY) return { ask: takeDefaults, close: () => {} };
  return terminalAsk({ input: stdin, output: stdout });
}

export const init: CommandRow<'init'> = {
  usage: [['init [file]', 'write a config.yml with comments and an API key, after a few questions or flags']],
  flags: [
    { names: ['sandbox'], help: 'simulated providers; --sandbox=false: real ones' },
    { names: ['hub'], help: 'people and their devices, too' },
    { names: ['key-name'], takes: 'name', help: 'name of the API key; default: back-end' },
    { names: ['yes'], help: 'ask nothing: what no flag says has its default' },
    { names: ['force'], help: 'overwrite a file that is there' },
  ],
  examples: [
    ['martlet init', 'on a terminal it asks'],
    [
      'martlet init --yes -i AuthKey_ABC123DEFG.p8 --key-id ABC123DEFG --team-id DEF123GHIJ --topic com.example.app --production',
      'iOS for real, with the flags that every command has for it',
    ],
    ['martlet init --yes --sandbox --hub trial.yml', 'simulated providers and the hub'],
  ],
  ends: { good: 'the file was written', bad: 'it is there already, or cannot be written' },
  words: 1,
  read: ({ words: [file], values, common }) => ({
    ...common,
    file: file ?? common.path ?? FILE,
    sandbox: isOn(values, 'sandbox'),
    hub: isOn(values, 'hub'),
    topic: textOf(values, 'topic'),
    keyName: textOf(values, 'key-name'),
    yes: values.get('yes') === true,
    force: values.get('force') === true,
  }),
  async run(task, context) {
    const [{ init: write }, { makeKey }] = await Promise.all([
      import('../init/init-command.ts'),
      import('../../auth/new-key.ts'),
    ]);
    const { ask, close } = await asking(task, context);
    try {
      const { command, env, cwd, say } = context;
      await write({ task, ask, makeKey, command, env, cwd, say });
    } finally {
      close();
    }
    return undefined;
  },
};
