import { unknownFields } from '../../kit/json/unknown-fields.ts';
import { unprocessable } from './hub-refusal.ts';

/** The query of a request: each parameter once. */
export class Query {
  readonly #given: URLSearchParams;

  constructor(url: string) {
    const begin = url.indexOf('?');
    this.#given = new URLSearchParams(begin < 0 ? '' : url.slice(begin + 1).replace(/#.*$/s, ''));
  }

  /** @throws HubRefusal for any other: who misspells a filter would take all rows for those that were meant */
  only(known: readonly string[]): void {
    const unknown = unknownFields(Object.fromEntries(this.#given), known, '', 'parameter');
    if (unknown.length > 0) throw unprocessable(...unknown);
  }

  /** @returns undefined when it is not given, or empty. @throws HubRefusal when it is given twice, or no store could look for it */
  text(name: string): string | undefined {
    const [first, ...others] = this.#given.getAll(name);
    if (others.length > 0) throw unprocessable({ path: name, reason: 'must be given once' });
    if (first?.includes('\0')) throw unprocessable({ path: name, reason: 'must not have the character U+0000' });
    return first === '' ? undefined : first;
  }

  /** @throws HubRefusal for another word */
  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const given = this.text(name);
    if (given === undefined || words.includes(given as Word)) return given as Word | undefined;
    throw unprocessable({ path: name, reason: `must be one of ${words.join(', ')}` });
  }

  /** `true` or `false`; default false. */
  flag(name: string): boolean {
    return this.word(name, ['true', 'false']) === 'true';
  }

  /** A whole number. @throws HubRefusal for one out of bounds */
  integer(name: string, bounds: { readonly least: number; readonly most: number; readonly byDefault: number }): number {
    const given = this.text(name);
    if (given === undefined) return bounds.byDefault;
    const number = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (number >= bounds.least && number <= bounds.most) return number;
    throw unprocessable({ path: name, reason: `must be a whole number from ${bounds.least} to ${bounds.most}` });
  }
}
