import type { CommandRow } from '../command.ts';
import { readConfig } from '../context.ts';
import { exitCode } from './words.ts';

export const check: CommandRow<'check'> = {
  usage: [['check [options]', 'check configuration and credentials, and show what is on']],
  examples: [['martlet check -c config.yml', 'what a start with this file would do']],
  ends: { good: 'it can be started', bad: 'a mistake, an unknown key, or a credential that cannot be used' },
  read: ({ common }) => common,
  async run(command, context) {
    const { checkConfig } = await import('../check-config.ts');
    const { env, say } = context;
    const load = () => readConfig(command, 'serve', context);
    return exitCode(await checkConfig(load, { env, masterKey: env.MARTLET_MASTER_KEY, say }));
  },
};
