import type { CommandRow } from '../command.ts';
import { readConfig } from '../context.ts';
import { exitCode } from './words.ts';

export const apps: CommandRow<'apps'> = {
  usage: [
    ['apps list', 'show the apps made by /v1/apps; apps show <name>: one of them'],
    ['apps reseal', 'seal their secrets with the first of several master keys'],
  ],
  examples: [
    ['martlet apps list -c config.yml', 'what is stored, and with which key it is sealed'],
    ['MARTLET_MASTER_KEY=new,old martlet apps reseal', 'a new master key, while the relays run'],
  ],
  ends: { good: 'it was done', bad: 'there is no such app, or a secret could not be sealed' },
  words: 2,
  read({ words: [verb = 'list', name = ''], common }) {
    if (verb === 'list' || verb === 'reseal') return { task: { do: verb }, ...common };
    if (verb === 'show' && name !== '') return { task: { do: verb, name }, ...common };
    return { mistake: 'apps must be followed by list, show <name> or reseal', usage: true };
  },
  async run(command, context) {
    const [{ appsCommand }, { readAuthorities }, { trustSystemAuthorities }] = await Promise.all([
      import('../apps-command.ts'),
      import('../../outbound/outbound.ts'),
      import('../../outbound/system-authorities.ts'),
    ]);
    trustSystemAuthorities();
    const { config } = readConfig(command, 'ping', context);
    const ca = readAuthorities(config.core.ca_path);
    const { env, say } = context;
    return exitCode(await appsCommand(command.task, { config, masterKey: env.MARTLET_MASTER_KEY, ca, say }));
  },
};
