import type { CommandRow } from '../command.ts';
import { readConfig } from '../context.ts';
import { exitCode } from './words.ts';

export const check: CommandRow<'check'> = {
  usage: [['check [options]', 'check configuration and credentials, try what a start needs, and show what is on']],
  flags: [{ names: ['probe'], help: 'ask hooks, issuers and providers, too: by what reaches no device' }],
  examples: [
    ['martlet check -c config.yml', 'what a start with this file would do'],
    ['martlet check --probe -c config.yml', 'and whether Apple, Google and the others take the credentials'],
  ],
  ends: {
    good: 'it can be started',
    bad: 'a mistake, an unknown key, a credential that cannot be used, or something that would break a promise',
  },
  read: ({ values, common }) => ({ probe: values.get('probe') === true, ...common }),
  async run(command, context) {
    const { checkConfig } = await import('../check/check-config.ts');
    const { env, say } = context;
    const load = () => readConfig(command, 'serve', context);
    return exitCode(await checkConfig(load, { env, masterKey: env.MARTLET_MASTER_KEY, probe: command.probe, say }));
  },
};
