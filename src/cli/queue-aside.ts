import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { toError } from '../kit/errors.ts';
import { siblings } from '../queue/file/queue-files.ts';
import { readJournal } from '../queue/file/read-journal.ts';
import { type AsideRecord, changeAside } from '../queue/file/set-aside.ts';

export interface AsideCommandOptions {
  /** The queue file; with `family`, those of its sibling processes too. */
  readonly path: string;
  readonly family: boolean;
  readonly say: (line: string) => void;
}

/** What is to become of the requests and reports of this id; of all with `all`. */
export interface AsideTask {
  readonly do: 'export' | 'release' | 'drop';
  readonly id: string;
}

/** The queue files that a command is about. */
export function queueFiles({ path, family }: Pick<AsideCommandOptions, 'path' | 'family'>): string[] {
  const found = family && existsSync(dirname(path)) ? siblings(path) : [];
  return found.length > 0 ? found.sort() : [path];
}

const iso = (ms: number): string => new Date(ms).toISOString();

function line({ kind, id, app, reason, deaths, at, open, released }: AsideRecord): string {
  const what = kind === 'request' ? `request  ${id}  ${open} pushes` : `report   ${id}`;
  const why = reason === 'SetAside' ? `${reason} after ${deaths} deaths` : reason;
  return `  ${iso(at)}  ${what}  of ${app}  ${why}${released ? '  (released)' : ''}`;
}

/** What a record held, as JSON: its body as text where it is one. */
function exported({ kind, id, app, acceptedAt, reason, deaths, at, body }: AsideRecord): string {
  const content = isUtf8(body)
    ? { body: Buffer.from(body).toString() }
    : { body_base64: Buffer.from(body).toString('base64') };
  const accepted_at = acceptedAt > 0 ? iso(acceptedAt) : undefined;
  return JSON.stringify({ kind, id, app, accepted_at, reason, deaths, set_aside_at: iso(at), ...content });
}

/** Goes through each file. @returns false when one cannot be used */
function eachFile(options: AsideCommandOptions, work: (path: string) => void): boolean {
  let good = true;
  for (const path of queueFiles(options))
    try {
      work(path);
    } catch (error) {
      options.say(`${path} cannot be used: ${toError(error).message}`);
      good = false;
    }
  return good;
}

/** `martlet queue aside`: what is not tried again, without tokens and contents. @returns false when a file cannot be read */
export function listAside(options: AsideCommandOptions): boolean {
  return eachFile(options, (path) => {
    const { aside } = readJournal(path);
    options.say(path);
    if (aside.length === 0) options.say('  nothing is set aside');
    for (const record of aside) options.say(line(record));
  });
}

/**
 * `martlet queue export | release | drop <id>`. What is released is sent again by the relay that uses the file, within 15 s, or by the
 * next one; what is dropped is gone.
 * @returns false when there is no such record, or a file cannot be used
 */
export function changeSetAside({ do: verb, id }: AsideTask, options: AsideCommandOptions): boolean {
  const isMeant = (record: AsideRecord): boolean => id === 'all' || record.id === id;
  let count = 0;
  const good = eachFile(options, (path) => {
    const meant = readJournal(path).aside.filter(isMeant);
    count += meant.length;
    if (verb === 'export') for (const record of meant) options.say(exported(record));
    else if (meant.length > 0) changeAside(path, verb, meant);
  });
  if (count === 0) options.say(`nothing of the id ${id} is set aside`);
  else if (verb !== 'export') options.say(`${count} ${verb === 'drop' ? 'dropped' : 'released'}`);
  return good && count > 0;
}
