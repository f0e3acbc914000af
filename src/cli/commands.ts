import { apps } from './rows/apps-row.ts';
import { check } from './rows/check-row.ts';
import { devices } from './rows/devices-row.ts';
import { explain } from './rows/explain-row.ts';
import { init } from './rows/init-row.ts';
import { newKey, vapid } from './rows/key-rows.ts';
import { queue } from './rows/queue-row.ts';
import { send } from './rows/send-row.ts';
import { tail } from './rows/tail-row.ts';
import { users } from './rows/users-row.ts';

/**
 * The commands that are a word of the command line, in the order of the usage text. What a command needs is imported when it runs:
 * health checks of containers run `--ping` all the time.
 */
export const namedCommands = {
  init,
  check,
  send,
  queue,
  explain,
  tail,
  users,
  devices,
  apps,
  'new-key': newKey,
  vapid,
};

export type NamedCommand = keyof typeof namedCommands;
