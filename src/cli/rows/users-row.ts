import type { CommandRow, Commands, UsageMistake } from '../command.ts';
import { type FlagValues, textOf } from '../flag.ts';
import type { UsersTask } from '../people/users-command.ts';
import { openRelayApi } from '../relay/open-relay-api.ts';
import { appFlag, jsonFlag, placeOf, relayFlags } from '../relay/relay-flags.ts';
import { exitCode, limitOf } from './words.ts';

const MOST = 100;

function listOf(values: FlagValues, text: string | undefined): UsersTask | UsageMistake {
  const most = limitOf(values, MOST);
  if (most === undefined) return { mistake: '--limit must be a whole number above 0' };
  return { do: 'list', team: textOf(values, 'team'), role: textOf(values, 'role'), text, most };
}

function taskOf([verb = 'list', word = '']: readonly string[], values: FlagValues): UsersTask | UsageMistake {
  if (verb === 'list' && word === '') return listOf(values, undefined);
  if (verb === 'find' && word !== '') return listOf(values, word);
  if (verb !== 'show' && verb !== 'export' && verb !== 'erase')
    return {
      mistake: 'users must be followed by list, find <text>, show <id>, export <id> or erase <id>',
      usage: true,
    };
  if (word === '') return { mistake: `users ${verb} needs the id of a person` };
  if (verb === 'erase' && values.get('yes') !== true)
    return { mistake: 'users erase needs --yes: nothing brings back what is erased' };
  return { do: verb, id: word };
}

export const users: CommandRow<'users'> = {
  usage: [
    ['users [list]', 'show the people of the hub: asks the running relay'],
    ['users find <text>', 'those with this in their id, name, mail address or telephone number'],
    ['users show <id>', 'one of them, with devices, settings and the newest of the inbox'],
    ['users export <id>', 'everything that is kept of a person, as JSON, without tokens'],
    ['users erase <id> --yes', 'erase a person, with all that is theirs'],
  ],
  flags: [
    { names: ['team'], takes: 'name', help: 'only people of this team' },
    { names: ['role'], takes: 'name', help: 'only people of this role' },
    { names: ['limit'], takes: 'n', help: `at most so many; default: ${MOST}` },
    { names: ['yes'], help: 'erase: yes, it is meant' },
    ...[appFlag, jsonFlag, ...relayFlags],
  ],
  examples: [
    ['martlet users find ada@', 'who has this mail address?'],
    ['martlet users show ada', 'why does nothing arrive: devices, settings, inbox'],
    ['martlet users export ada > ada.json', 'what a person may ask for'],
    ['martlet users list --team storage --json --limit 100000', 'a line of JSON for each person'],
  ],
  ends: { good: 'it was found, or erased', bad: 'there is no such person, or the relay does not answer' },
  words: 2,
  read({ words, values, common }): Commands['users'] | UsageMistake {
    const task = taskOf(words, values);
    if ('mistake' in task) return task;
    const place = { place: placeOf(values), app: textOf(values, 'app'), json: values.get('json') === true };
    return { task, ...place, ...common };
  },
  async run(command, context) {
    const { usersCommand } = await import('../people/users-command.ts');
    await using api = await openRelayApi(command, context);
    const { say, stdout, stderr } = context;
    const note = (line: string): void => void stderr.write(`${line}\n`);
    return exitCode(await usersCommand(command.task, { ...command, api, stdout, say, note }));
  },
};
