import { type Fields, isFields } from './corpus-case.ts';
import { parseOrText } from './lossless-json.ts';

/** What a server or command wrote so far. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/** The lines about pushes, as text or parsed where `log.format` is json. */
export function pushLines({ stdout, stderr }: Output): Fields[] {
  const told = (text: string, stream: string): Fields[] =>
    lines(text).flatMap((line): Fields[] => {
      const outer = parseOrText(line);
      const said = isFields(outer) && typeof outer.msg === 'string' ? outer.msg : line;
      const entry = parseOrText(said);
      if (isFields(entry) && entry.type && 'token' in entry && 'platform' in entry) return [{ stream, msg: entry }];
      return /(succeeded|failed)-push/.test(said) ? [{ stream, msg: said.replaceAll(/\s+/g, ' ').trim() }] : [];
    });
  return [...told(stdout, 'stdout'), ...told(stderr, 'stderr')];
}

const USAGE = /^Usage: |^( |\/|\\).*[\\_/]|^ +-|Options:$/;

/** The texts of error and fatal lines, without time; `<usage>` for the usage text. */
export function messages({ stdout, stderr }: Output): string[] {
  const told: string[] = [];
  for (const line of [...lines(stderr), ...lines(stdout)]) {
    const entry = parseOrText(line);
    if (isFields(entry)) {
      if (/^(fatal|error)$/i.test(String(entry.level)) || Number(entry.level) >= 50) told.push(String(entry.msg));
    } else if (USAGE.test(line)) {
      if (told.at(-1) !== '<usage>') told.push('<usage>');
    } else told.push(line);
  }
  return told;
}
