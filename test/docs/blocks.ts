import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Fenced blocks of a page, such as `docs/email.md`, in one of these languages. */
export const blocksOf = (page: string, ...languages: readonly string[]): string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, language]) => languages.includes(language as string))
    .map(([, , text]) => text as string);
