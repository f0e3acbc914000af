export interface Instruction {
  /** `RUN`, `COPY`, … */
  readonly word: string;
  /** Its text on one line, without flags like `--from=build`. */
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly name: string | undefined;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const withoutComments = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');

function instruction(line: string): Instruction {
  const [, word, rest] = /^(\w+)\s+(.*)$/s.exec(line)!;
  const flags: Record<string, string> = {};
  const text = rest!.replace(/^(--[\w-]+=\S+\s+)+/, (all) => {
    for (const flag of all.trim().split(/\s+/)) {
      const [name, value] = flag.slice(2).split('=');
      flags[name!] = value!;
    }
    return '';
  });
  return { word: word!.toUpperCase(), text: text.replace(/\s+/g, ' ').trim(), flags };
}

/** The part of the Dockerfile language that ours uses. */
export function parseDockerfile(source: string): { args: Instruction[]; stages: Stage[] } {
  const lines = withoutComments(source).replace(/\\\n/g, ' ').split('\n').filter(Boolean).map(instruction);
  const first = lines.findIndex(({ word }) => word === 'FROM');
  const stages: { name: string | undefined; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines.slice(first)) {
    if (line.word !== 'FROM') {
      stages.at(-1)!.instructions.push(line);
      continue;
    }
    const [from, , name] = line.text.split(' ');
    stages.push({ from: from!, name, instructions: [] });
  }
  return { args: lines.slice(0, first), stages };
}

/** The words of `["a", "b"]` or `a b`. */
export const words = (text: string): string[] => (text.startsWith('[') ? JSON.parse(text) : text.split(' '));
