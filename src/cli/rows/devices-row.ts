import type { CommandRow, Commands, UsageMistake } from '../command.ts';
import { type CliContext, readConfig } from '../context.ts';
import { type FlagValues, textOf } from '../flag.ts';
import type { DevicesTask } from '../people/devices-command.ts';
import { openRelayApi } from '../relay/open-relay-api.ts';
import { appFlag, jsonFlag, placeOf, relayFlags } from '../relay/relay-flags.ts';
import { exitCode } from './words.ts';

const FORMS = 'devices must be followed by list <user>, show <id>, import <file> or export [file]';

function taskOf([verb, word]: readonly string[], values: FlagValues): DevicesTask | UsageMistake {
  const withTokens = values.get('with-tokens') === true;
  if (verb === 'export') return { do: 'export', file: word, withTokens };
  if (verb !== 'list' && verb !== 'show' && verb !== 'import') return { mistake: FORMS, usage: true };
  if (withTokens) return { mistake: '--with-tokens is for devices export' };
  if (!word) return { mistake: FORMS };
  if (verb === 'list') return { do: verb, user: word };
  return verb === 'show' ? { do: verb, id: word } : { do: verb, file: word };
}

async function exportWithTokens(
  file: string | undefined,
  { app, ...command }: Commands['devices'],
  context: CliContext,
) {
  const [{ storedDevices }, { exportStored }, { apart }] = await Promise.all([
    import('../people/stored-devices.ts'),
    import('../people/devices-command.ts'),
    import('../../host/sandbox/apart.ts'),
  ]);
  const { config } = readConfig(command, 'ping', context);
  const { hub } = config.sandbox.enabled ? apart(config) : config;
  const devices = storedDevices({ config: { ...config, hub }, masterKey: context.env.MARTLET_MASTER_KEY, app });
  return exportStored(file, devices, { stdout: context.stdout, note: noteOn(context) });
}

const noteOn =
  ({ stderr }: CliContext) =>
  (line: string): void =>
    void stderr.write(`${line}\n`);

export const devices: CommandRow<'devices'> = {
  usage: [
    ['devices list <user>', 'show the devices of a person of the hub: asks the running relay'],
    ['devices show <id>', 'one device, without its token'],
    ['devices import <file>', 'register devices, a line of JSON each; - for stdin'],
    ['devices export [file]', 'print all devices of an app, a line of JSON each, without their tokens'],
    ['devices export --with-tokens', 'the same with tokens, from the store on this machine: for moving house'],
  ],
  flags: [
    {
      names: ['with-tokens'],
      help: 'export: read the store of the configuration, and show tokens; dead devices are left out',
    },
    ...[appFlag, jsonFlag, ...relayFlags],
  ],
  examples: [
    ['martlet devices list ada', 'which of them are alive'],
    ['martlet devices import devices.ndjson --url https://push.example.com', 'those of another system'],
    [
      'martlet devices export --with-tokens devices.ndjson',
      'into a new file that only its owner may read, while a relay runs or not',
    ],
  ],
  ends: {
    good: 'it was found, or all was taken',
    bad: 'nothing was found, a row was not taken, or relay or store cannot be asked',
  },
  words: 2,
  read({ words, values, common }): Commands['devices'] | UsageMistake {
    const task = taskOf(words, values);
    if ('mistake' in task) return task;
    const place = { place: placeOf(values), app: textOf(values, 'app'), json: values.get('json') === true };
    return { task, ...place, ...common };
  },
  async run(command, context) {
    const { task } = command;
    if (task.do === 'export' && task.withTokens) return exitCode(await exportWithTokens(task.file, command, context));
    const { devicesCommand } = await import('../people/devices-command.ts');
    await using api = await openRelayApi(command, context);
    const { stdout, say } = context;
    return exitCode(await devicesCommand(task, { ...command, api, stdout, say, note: noteOn(context) }));
  },
};
