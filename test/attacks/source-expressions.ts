import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A regular expression literal of `src/`. */
export interface SourceExpression {
  /** `src/kit/retry-after.ts:7`. */
  readonly place: string;
  readonly expression: RegExp;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What may stand before a literal; after anything else a slash divides. */
const BEFORE_LITERAL = /(?:^|[(,=:[!&|?{};+>]|\b(?:return|typeof|case))\s*$/;
const LITERAL = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*/y;
const SKIPPED = [/#!.*/y, /\/\/.*/y, /\/\*[\s\S]*?\*\//y, /'(?:\\.|[^'\\\n])*'/y, /"(?:\\.|[^"\\\n])*"/y];
/** The text of a template up to its end or to an expression in it. */
const TEMPLATE_TEXT = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(`|\$\{)/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** Braces that are open, outermost first: `true` where the rest of a template follows the closing one. */
class Braces {
  readonly #open: boolean[] = [];

  /** @returns true when a template goes on after this character. */
  read(char: string): boolean {
    if (char === '{') this.#open.push(false);
    return char === '`' || (char === '}' && this.#open.pop() === true);
  }

  beginExpression(): void {
    this.#open.push(true);
  }
}

function literalsOf(text: string): { readonly at: number; readonly source: string }[] {
  const found: { at: number; source: string }[] = [];
  const braces = new Braces();
  for (let at = 0; at < text.length; ) {
    const mayBegin = text[at] === '/' && BEFORE_LITERAL.test(text.slice(Math.max(0, at - 40), at));
    const literal = mayBegin ? matchAt(LITERAL, text, at)?.[0] : undefined;
    if (literal !== undefined) found.push({ at, source: literal });
    const skipped = literal ?? SKIPPED.map((each) => matchAt(each, text, at)?.[0]).find((each) => each !== undefined);
    if (skipped !== undefined) at += skipped.length;
    else if (braces.read(text[at++] as string)) {
      const [part = '', end] = matchAt(TEMPLATE_TEXT, text, at) ?? [];
      at += part.length;
      if (end === '${') braces.beginExpression();
    }
  }
  return found;
}

function compiled(literal: string): RegExp {
  const end = literal.lastIndexOf('/');
  return new RegExp(literal.slice(1, end), literal.slice(end + 1));
}

/** Every literal in the code that we run: comments, strings and templates are not searched. */
export function sourceExpressions(): SourceExpression[] {
  return globSync('src/**/*.{ts,js}', { cwd: ROOT })
    .sort()
    .flatMap((file) => {
      const text = readFileSync(`${ROOT}/${file}`, 'utf8');
      return literalsOf(text).map(({ at, source }) => ({
        place: `${file}:${text.slice(0, at).split('\n').length}`,
        expression: compiled(source),
      }));
    });
}
