import { readFileSync } from 'node:fs';

/** The flags with which Node runs the program: those of the first line of src/main.ts, which all other ways to start it repeat. */
export function nodeFlags(): string[] {
  const [shebang = ''] = readFileSync(new URL('../src/main.ts', import.meta.url), 'utf8').split('\n', 1);
  return shebang.split(' ').filter((word) => word.startsWith('--'));
}
