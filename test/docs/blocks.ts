import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page, such as `docs/email.md`, in order. */
export const fencedBlocks = (page: string): Block[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language: language as string,
    text: text as string,
  }));

/** The texts of those in one of these languages. */
export const blocksOf = (page: string, ...languages: readonly string[]): string[] =>
  fencedBlocks(page)
    .filter(({ language }) => languages.includes(language))
    .map(({ text }) => text);
