import type { CommandRow } from '../command.ts';
import { readConfig } from '../context.ts';
import type { AsideTask } from '../queue-aside.ts';
import type { QueueTask } from '../queue-command.ts';
import { exitCode } from './words.ts';

const VERBS: readonly string[] = ['export', 'release', 'drop'] satisfies AsideTask['do'][];

/** A word or none, an id where it needs one, `[file]`, and no more. */
export const queue: CommandRow<'queue'> = {
  usage: [
    ['queue [file]', 'show what waits in the queue, by default that of the configuration'],
    ['queue verify [file]', 'count accepted, settled and remaining pushes: exit code 0 when they add up'],
    ['queue aside [file]', 'show what is set aside: not tried again, and reported as failed'],
    ['queue export|release|drop <id>', 'print it as JSON, have it sent again, or delete it; all for all'],
  ],
  examples: [
    ['martlet queue -c config.yml', 'depth, age, lanes and the oldest requests, while a relay uses the file or not'],
    ['martlet queue release all', 'what was set aside is sent again, within 15 seconds'],
  ],
  ends: {
    good: 'the files were read, and what was asked for was done',
    bad: 'there is no file, one cannot be used, nothing has that id, or the sums do not add up',
  },
  words: 3,
  read({ words, common }) {
    const [first = '', id = ''] = words;
    const hasId = VERBS.includes(first);
    if (hasId && id === '') return { mistake: `queue ${first} needs an id, or all` };
    const hasWord = hasId || first === 'verify' || first === 'aside';
    const own = hasId ? 2 : hasWord ? 1 : 0;
    if (words.length > own + 1) return { mistake: 'queue takes one file' };
    const task = hasId
      ? { do: first as AsideTask['do'], id }
      : { do: hasWord ? (first as 'verify' | 'aside') : 'show' };
    return { task: task as QueueTask, file: words[own], ...common };
  },
  async run(command, context) {
    const { inspectQueue } = await import('../queue-command.ts');
    const { task, file } = command;
    const configured = file === undefined ? readConfig(command, 'ping', context).config.queue : undefined;
    return exitCode(inspectQueue({ task, file, configured, say: context.say }));
  },
};
